"""Which merge tags of a source speak of fields that nobody has: most are misspelt.

``language`` refuses what is in no vocabulary. A custom field is not in one: it may be made
tomorrow, and a mail with a default for it is fine. So it is found here, and told.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from mailer.rendering.language import FIELDS, BadTag, Tag, check, pieces

_FIELD: Final = re.compile(r"""\bsubscriber\s*\.\s*fields\s*(?:\.\s*(\w+)|\[\s*(['"])(\w+)\2\s*\])""")


@dataclass(frozen=True)
class Finding:
    """A tag that cannot say anything.

    :param line: where it stands, from 1
    :param name: what is not known, such as ``subscriber.fields.ctiy``
    :param suggestion: what was probably meant, if something is near
    """

    line: int
    tag: str
    name: str
    suggestion: str = ""

    @property
    def message(self) -> str:
        """A sentence for its author."""
        guess = f" Did you mean “{self.suggestion}”?" if self.suggestion else ""
        return f"Line {self.line}: no subscriber has “{self.name.removeprefix(FIELDS)}”.{guess}"


def unknown_fields(source: str, keys: Iterable[str]) -> list[Finding]:
    """Return the tags of a source whose custom fields are not among those that there are.

    A source that is not in the merge language has none; ``language.check`` says why.
    """
    known = frozenset(keys)
    try:
        check(source)
        tags = [piece for piece in pieces(source) if isinstance(piece, Tag)]
    except BadTag:
        return []
    return [
        Finding(tag.line, tag.text, FIELDS + key, FIELDS + near[0] if near else "")
        for tag in tags
        for key in _keys(tag)
        if key not in known
        for near in [get_close_matches(key, sorted(known), n=1, cutoff=0.6)]
    ]


def _keys(tag: Tag) -> Iterator[str]:
    for match in _FIELD.finditer(tag.text):
        yield match[1] or match[3]
