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


#: What front matter may say.
FRONT_MATTER: Final = ("subject", "preheader", "name", "from", "reply_to")
_FRONT: Final = re.compile(r"\A---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_LINE: Final = re.compile(r"([A-Za-z][A-Za-z_ -]*?)\s*:\s*(.*?)\s*")


def split_front_matter(source: str) -> tuple[dict[str, str], str]:
    """Return what a letter says about itself before it begins, and the letter.

    ::

        ---
        subject: Fresh from the oven
        preheader: Three new breads
        ---
        # Hello

    Values are words of one line, with quotation marks around them or not. A line of
    another kind means that this is no front matter but a letter that begins with a rule.

    :raises Invalid: it says something that a letter cannot say
    """
    source = source.replace("\r\n", "\n")
    match = _FRONT.match(source)
    if match is None:
        return {}, source
    values: dict[str, str] = {}
    for number, line in enumerate((match[1] or "").splitlines(), start=2):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _FRONT_LINE.fullmatch(line)
        if found is None:
            return {}, source
        name = found[1].lower().replace("-", "_").replace(" ", "_")
        if name not in FRONT_MATTER:
            sentence = f"Line {number}: front matter has no “{found[1]}”; it has {', '.join(FRONT_MATTER)}."
            raise Invalid(sentence, fields={"body": sentence})
        values[name] = _unquoted(found[2])
    return values, source[match.end() :].lstrip("\n")


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if is_quoted else value


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
