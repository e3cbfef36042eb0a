"""Whether everybody can read a mail: with a screen reader, on a dark screen, with weak eyes, with a thumb.

The rules are those of WCAG 2.2, level AA, as far as they can be told from a mail.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mailer.rendering.checks.colors import ENOUGH, ENOUGH_FOR_LARGE, Color, contrast, readable
from mailer.rendering.checks.findings import Finding, Severity, Where
from mailer.rendering.checks.mail import Look, Mail, pixels, shortened, styles_of
from mailer.rendering.checks.mends import ANSWER, Mend, Replace, SetAttribute, SetColor, SetProperty

Element = Any

_SMALLEST: Final = 12.0
_SMALLEST_FOR_FOOTERS: Final = 10.0
#: WCAG 2.5.8 asks for 24 × 24; a link inside a sentence is excepted.
_SMALLEST_TARGET: Final = 24.0
_LARGE: Final = 24.0
_LARGE_PICTURE: Final = 200.0
_LARGE_WHEN_BOLD: Final = 18.66
_HEADING: Final = re.compile(r"h([1-6])$")
_VAGUE: Final = frozenset(
    {
        *("here", "click here", "click", "read more", "more", "learn more", "link", "this", "this link"),
        *("this page", "details", "see more", "continue", "go", "hier", "mehr", "weiterlesen", "ici"),
        *("cliquez ici", "en savoir plus", "aquí", "más", "clique aqui", "qui", "leggi tutto"),
    }
)
_FILE_NAME: Final = re.compile(
    r"^[\w%-]+\.(jpe?g|png|gif|webp|svg)$|^(image|img|photo|picture|bild)\s*\d*$", re.IGNORECASE
)


def look(mail: Mail) -> Iterator[Finding]:
    """Yield what keeps somebody from reading a mail."""
    yield from _language(mail)
    yield from _headings(mail)
    yield from _pictures(mail)
    yield from _link_words(mail)
    yield from _contrast(mail)
    yield from _sizes(mail)
    yield from _targets(mail)
    yield from _tables(mail)


def _language(mail: Mail) -> Iterator[Finding]:
    if not mail.root.get("lang"):
        yield Finding(
            "accessibility.language",
            Severity.NOTICE,
            "The mail does not say which language it is in.",
            "A screen reader takes the listener’s own and pronounces everything wrong (WCAG 3.1.1).",
            mend=Mend(
                "It is in…", (SetAttribute("html", "lang", ANSWER),), ask="Language, such as en or pt-BR"
            ),
        )


def _headings(mail: Mail) -> Iterator[Finding]:
    before = 0
    for element in mail.elements:
        match = _HEADING.match(element.tag)
        if not match or mail.is_hidden(element):
            continue
        level = int(match[1])
        if not mail.words_of(element):
            yield Finding(
                "accessibility.empty-heading",
                Severity.WARNING,
                f"There is an empty heading (h{level}).",
                "Screen readers announce a heading and then nothing.",
                mail.where(element),
            )
        elif before and level > before + 1:
            yield Finding(
                "accessibility.heading-order",
                Severity.NOTICE,
                f"“{shortened(mail.words_of(element), 50)}” is a heading of level {level} "
                f"after one of level {before}.",
                "Those who jump from heading to heading look for the one in between (WCAG 1.3.1).",
                mail.where(element),
            )
        before = level


def _pictures(mail: Mail) -> Iterator[Finding]:
    for image in mail.elements:
        if image.tag != "img" or mail.is_hidden(image):
            continue
        source = (image.get("src") or "").strip()
        alt = image.get("alt")
        link = next(image.iterancestors("a"), None)
        is_only_content = link is not None and link.get("href") and not mail.words_of(link)
        if alt is None or (is_only_content and not alt.strip()):
            yield Finding(
                "accessibility.alt",
                Severity.ERROR if is_only_content else Severity.WARNING,
                "A picture that is a link has no alternative text."
                if is_only_content
                else "A picture has no alternative text.",
                "Many clients show no pictures until they are asked to, and some readers never see them; "
                "without words a screen reader reads the file’s name (WCAG 1.1.1).",
                mail.where(image, source),
                _describe(mail, image, source),
            )
        elif not alt.strip() and not mail.where(image).block and _is_large(image):
            yield Finding(
                "accessibility.alt-empty",
                Severity.NOTICE,
                "A large picture has no words, as if it were decoration.",
                "If it says something, those who do not see it miss that (WCAG 1.1.1).",
                mail.where(image, source),
                _describe(mail, image, source),
            )
        elif _FILE_NAME.match(alt.strip()):
            yield Finding(
                "accessibility.alt-is-file-name",
                Severity.WARNING,
                f"The alternative text “{shortened(alt, 40)}” does not say what the picture shows.",
                "It is read out in the place of the picture.",
                mail.where(image, source),
                _describe(mail, image, source),
            )


def _is_large(image: Element) -> bool:
    width = pixels(styles_of(image).get("width") or image.get("width") or "100%", of=600.0)
    return width is None or width >= _LARGE_PICTURE


def _describe(mail: Mail, image: Element, source: str) -> Mend:
    block = mail.where(image).block
    in_block = (SetProperty(block, "alt", ANSWER),) if block else ()
    edits = (*in_block, SetAttribute("img", "alt", ANSWER, having=("src", source)))
    return Mend("Describe it", edits, ask="What the picture shows")


def _link_words(mail: Mail) -> Iterator[Finding]:
    for link in mail.elements:
        if link.tag != "a" or not link.get("href") or mail.is_hidden(link):
            continue
        words = mail.words_of(link)
        label = link.get("aria-label") or link.get("title") or ""
        if not words and not label:
            if link.find(".//img") is None:
                yield Finding(
                    "accessibility.empty-link",
                    Severity.WARNING,
                    "A link has no words.",
                    "Nobody can see it, and a screen reader spells its address out (WCAG 2.4.4).",
                    mail.where(link, link.get("href")),
                )
        elif not label and words.lower().strip(" .…»>→:!") in _VAGUE:
            yield Finding(
                "accessibility.link-words",
                Severity.NOTICE,
                f"The link “{words}” does not say where it leads.",
                "Screen readers list the links of a mail without what stands around them (WCAG 2.4.4).",
                mail.where(link, words),
                Mend(
                    "Say where it leads",
                    (Replace("body", words, ANSWER, is_once=True),),
                    ask="Words of the link",
                ),
            )


def _contrast(mail: Mail) -> Iterator[Finding]:
    yield from _too_faint(mail, mail.looks, "")
    if mail.dark_looks is not None:
        yield from _too_faint(mail, mail.dark_looks, " on a dark screen")


def _too_faint(mail: Mail, looks: Mapping[Element, Look], screen: str) -> Iterator[Finding]:
    """Yield one finding for each pair of colours, at its first words."""
    seen: dict[tuple[Color, Color], tuple[Element, int, float]] = {}
    for element in mail.elements:
        look = looks[element]
        if look.is_hidden or look.background is None or not _has_own_words(element):
            continue
        is_large = look.size >= _LARGE or (look.is_bold and look.size >= _LARGE_WHEN_BOLD)
        wanted = ENOUGH_FOR_LARGE if is_large else ENOUGH
        if contrast(look.color, look.background) >= wanted:
            continue
        pair = (look.color, look.background)
        first, count, most = seen.get(pair, (element, 0, 0.0))
        seen[pair] = first, count + 1, max(most, wanted)
    for (color, background), (element, count, wanted) in seen.items():
        better = readable(color, background, wanted=wanted)
        places = "" if count == 1 else f", in {count} places"
        written = looks[element].color_as_written
        yield Finding(
            "accessibility.contrast-dark" if screen else "accessibility.contrast",
            Severity.WARNING,
            f"“{shortened(mail.words_of(element), 40)}” is hard to read{screen}: "
            f"{color} on {background} has a contrast of {contrast(color, background):.1f}{places}.",
            f"Words need {wanted:g} so that weak eyes, and all eyes in the sun, can read them (WCAG 1.4.3).",
            mail.where(element),
            None if screen or not written else Mend(f"Use {better}", (SetColor(written, str(better)),)),
        )


def _has_own_words(element: Element) -> bool:
    texts = [element.text, *(child.tail for child in element)]
    return any(text and re.search(r"\w", text) for text in texts)


def _sizes(mail: Mail) -> Iterator[Finding]:
    smallest: tuple[float, Element] | None = None
    for element in mail.elements:
        look = mail.looks[element]
        if look.is_hidden or not _has_own_words(element) or look.size < 2 or element.tag in {"sup", "sub"}:
            continue
        if look.size < _SMALLEST and (smallest is None or look.size < smallest[0]):
            smallest = look.size, element
    if smallest is not None:
        size, element = smallest
        yield Finding(
            "accessibility.size",
            Severity.WARNING if size < _SMALLEST_FOR_FOOTERS else Severity.NOTICE,
            f"“{shortened(mail.words_of(element), 40)}” is only {size:g} pixels high.",
            f"Below {_SMALLEST:g} pixels many cannot read it on a phone; iPhones enlarge it on their own, "
            "which may break the layout.",
            mail.where(element),
        )


def _targets(mail: Mail) -> Iterator[Finding]:
    for link in mail.elements:
        if link.tag != "a" or not link.get("href") or mail.is_hidden(link):
            continue
        styles = styles_of(link)
        if not (
            "block" in styles.get("display", "") or styles.get("background-color") or styles.get("background")
        ):
            continue
        height = _height(styles, mail.looks[link].size)
        if height is not None and height < _SMALLEST_TARGET:
            yield Finding(
                "accessibility.target",
                Severity.NOTICE,
                f"The button “{shortened(mail.words_of(link), 40)}” is only {height:.0f} pixels high.",
                f"A thumb needs {_SMALLEST_TARGET:g} at least, better 44 (WCAG 2.5.8).",
                mail.where(link),
            )


def _height(styles: Mapping[str, str], size: float) -> float | None:
    """Return how high a button of one line is; none when a picture or its cell decides."""
    if styles.get("height") or "padding" not in {name.partition("-")[0] for name in styles}:
        return None
    line = pixels(styles.get("line-height", "1.2em"), of=size)
    if line is None or (re.fullmatch(r"[\d.]+", styles.get("line-height", ""))):
        line = size * float(styles.get("line-height", "1.2")) if line is not None else size * 1.2
    sides = [pixels(one, of=size) or 0.0 for one in styles.get("padding", "0").split()]
    top, bottom = sides[0], sides[2] if len(sides) > 2 else sides[0]
    top = pixels(styles.get("padding-top", ""), of=size) or top
    bottom = pixels(styles.get("padding-bottom", ""), of=size) or bottom
    return line + top + bottom


def _tables(mail: Mail) -> Iterator[Finding]:
    tables = [
        table
        for table in mail.elements
        if table.tag == "table"
        and table.get("role") not in {"presentation", "none", "table", "grid"}
        and table.find(".//th") is None
        and not mail.is_hidden(table)
    ]
    if tables:
        count = len(tables)
        yield Finding(
            "accessibility.table-role",
            Severity.NOTICE,
            "A table that only places things does not say so."
            if count == 1
            else f"{count} tables that only place things do not say so.",
            'Screen readers announce each of its rows and columns; role="presentation" keeps them quiet.',
            mail.where(tables[0], "<table>"),
            Mend('Add role="presentation"', (SetAttribute("table", "role", "presentation"),)),
        )


def text_part(mail: Mail) -> Iterator[Finding]:
    """Yield what readers of the text part miss."""
    text = mail.text.strip()
    if not text:
        yield Finding(
            "accessibility.text-empty",
            Severity.WARNING,
            "The text part is empty.",
            "Those who read without HTML, on watches and in terminals, see nothing; filters mind it too.",
            Where("text"),
        )
        return
    wanted, there = _words(mail.words), _words(mail.text)
    missing = [word for word in wanted if word not in there]
    if len(wanted) >= 8 and len(missing) > len(wanted) * 0.5:
        yield Finding(
            "accessibility.text-differs",
            Severity.WARNING,
            f"The text part lacks {len(missing) / len(wanted):.0%} of the words of the HTML.",
            "Readers of the text part get another message, and filters take that for a trick.",
            Where("text", quote=shortened(mail.text)),
        )


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w{4,}", text.lower()) if not word.isdigit()}
