"""Markdown to HTML, with merge tags anywhere in it."""

import re
from typing import Final

from markdown_it import MarkdownIt

from mailer.errors import Invalid
from mailer.rendering.shield import Shield

#: Some ten thousand words. A parser of Markdown takes seconds over a few hundred KB made to slow it down.
LONGEST: Final = 64 * 1024

_PARAGRAPH: Final = re.compile(r"<p>([^<]*)</p>\n?")


#: Finding bare addresses takes time by the square of their number; beyond this they stay words.
_MOST_BARE_LINKS: Final = 300


def _parser(*, is_linking: bool) -> MarkdownIt:
    # HTML stays: a marketer pastes a button into a letter, and it is their own mail.
    parser = MarkdownIt("commonmark", {"html": True, "linkify": is_linking})
    parser.enable(["table", "strikethrough", "linkify"])
    # Only what is written as an address becomes a link, not every ``word.example``.
    parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})  # type: ignore[union-attr]
    return parser


_LINKING: Final = _parser(is_linking=True)
_NOT_LINKING: Final = _parser(is_linking=False)


def to_html(covered: str, shield: Shield) -> str:
    """Return the HTML of Markdown whose tags are covered.

    A line that holds only ``{% if … %}`` or its kin is a block of its own, so that it can
    stand around a list or a heading without ending up inside.

    :raises Invalid: there is far too much of it
    """
    if len(covered) > LONGEST:
        sentence = f"Markdown may have {LONGEST // 1024} KB; write longer mails in HTML."
        raise Invalid(sentence, fields={"body": sentence})
    parser = _LINKING if covered.count("://") <= _MOST_BARE_LINKS else _NOT_LINKING
    html: str = parser.render(_set_apart(covered, shield))
    # ``[Order](https://… "button")`` is a button, in the look of the layout.
    html = html.replace(' title="button">', ' class="button">')
    return _PARAGRAPH.sub(
        lambda match: match[1] + "\n" if shield.is_only_statements(match[1]) else match[0], html
    )


def _set_apart(covered: str, shield: Shield) -> str:
    lines = []
    for line in covered.splitlines():
        lines += ["", line, ""] if shield.is_only_statements(line) else [line]
    return "\n".join(lines)
