"""Filling in a form: what its slots say for one reader, as lines that are ready to be sent."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from mailer.delivery.engine.mime import plain_segment, segment, token_segment
from mailer.lib.remembered import Remembered
from mailer.rendering.merge import MOST_CHARACTERS, MergeFailed, one_line, said
from mailer.rendering.program import Form, Slot

#: Of each slot: names and towns come again.
_MOST_KNOWN: Final = 5_000


class Blanks:
    """The slots of a form; what each says is made once of each value that comes, and remembered."""

    def __init__(self, form: Form) -> None:
        self._keys = form.keys
        self._fill = [(_filler(slot), slot.key) for slot in form.slots]
        self._in_subject = [form.slots[item].key for item in form.layouts[0] if isinstance(item, int)]
        self._subjects = Remembered(partial(_subject, form), most=_MOST_KNOWN)

    def fill(self, values: Mapping[str, Any]) -> tuple[str, list[bytes]]:
        """Return the subject for one reader's values, and the lines of each slot.

        :raises MergeFailed: the values do not suit the tags, or are far too long
        """
        found = [key(values) for key in self._keys]
        subject = self._subjects[tuple([found[key] for key in self._in_subject])]
        lines = [fill(found[key]) for fill, key in self._fill]
        if sum(map(len, lines)) > MOST_CHARACTERS:
            raise MergeFailed(f"The values are longer than {MOST_CHARACTERS:,} characters.")
        return subject, lines


def _filler(slot: Slot) -> Callable[[Any], bytes]:
    if slot.is_token:
        # Another for each reader: not worth remembering.
        return token_segment

    def lines(key: Any) -> bytes:
        plain = plain_segment(key) if slot.is_verbatim and type(key) is str else None
        return plain or segment(said(slot, key))

    return Remembered(lines, most=_MOST_KNOWN).__getitem__


def _subject(form: Form, keys: tuple[Any, ...]) -> str:
    following, slots = iter(keys), form.slots
    layout = form.layouts[0]
    return one_line(
        [said(slots[item], next(following)) if isinstance(item, int) else item for item in layout]
    )
