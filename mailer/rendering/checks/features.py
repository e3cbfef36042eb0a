"""What a mail makes use of, in caniemail's words, and where.

Only features whose absence a reader would notice: nobody misses a ``:hover``. Each says
what happens without it (something breaks, or looks plainer) and what to do instead.
Declarations that only hold on narrow or dark screens do not count as used, since the
clients that read those rules know far more CSS than the others.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from mailer.rendering.checks.css import Declaration, declarations
from mailer.rendering.checks.mail import Mail

Element = Any


@dataclass(frozen=True)
class Feature:
    """A feature that clients may lack.

    :param name: in plain words, in the plural or as a mass noun
    :param breaks: whether a reader without it misses something; otherwise it only looks plainer
    :param instead: what an author can do
    """

    name: str
    breaks: bool = False
    instead: str = ""


@dataclass(frozen=True)
class Use:
    """One use of a feature.

    :param element: where; none when it is in a style sheet
    :param quote: as it is written
    """

    slug: str
    element: Element | None
    quote: str


def _breaks(name: str, instead: str = "") -> Feature:
    return Feature(name, breaks=True, instead=instead)


_TABLE: Final = "Set what stands side by side in the cells of a table, or in columns."
_FIXED: Final = "Write the value itself."
_PICTURE: Final = "Use a JPEG, PNG or GIF."
_LINK: Final = "Show a picture, and link it to the page that has it."

FEATURES: Final[dict[str, Feature]] = {
    "css-display-flex": _breaks("flexible boxes (display: flex)", _TABLE),
    "css-display-grid": _breaks("grids (display: grid)", _TABLE),
    "css-position": _breaks("positions (position: absolute and its kin)", "Let it stand in the flow."),
    "css-float": _breaks("floats", 'Set what stands beside it in a table cell, or use align="left".'),
    "css-column-count": _breaks("text in columns (column-count)", _TABLE),
    "css-transform": _breaks("transforms", "Turn or scale the picture itself."),
    "css-clip-path": _breaks("clipped shapes (clip-path)", "Cut the picture itself."),
    "css-variables": _breaks("CSS variables", _FIXED),
    "css-unit-calc": _breaks("calculated lengths (calc)", _FIXED),
    "css-function-clamp": _breaks("clamp()", _FIXED),
    "css-function-min": _breaks("min()", _FIXED),
    "css-function-max": _breaks("max()", _FIXED),
    "css-function-light-dark": _breaks("light-dark() colours", "Write the dark colour in a media query."),
    "css-modern-color": _breaks("lab, lch and their kin", "Write the colour as #rrggbb."),
    "css-unit-vw": _breaks("lengths in vw", "Write them in px or %."),
    "css-unit-vh": _breaks("lengths in vh", "Write them in px."),
    "css-nesting": _breaks("nested CSS rules", "Write each rule on its own."),
    "css-at-import": _breaks("imported style sheets (@import)", "Write the rules into the mail."),
    "css-background-image": _breaks(
        "background pictures", "Give it a background colour too, on which the words can be read."
    ),
    "css-object-fit": _breaks("cropped pictures (object-fit)", "Crop the picture itself."),
    "css-pseudo-element-before": _breaks("::before", "Write what it shows into the mail."),
    "css-pseudo-element-after": _breaks("::after", "Write what it shows into the mail."),
    "css-pseudo-class-checked": _breaks("what follows a ticked box (:checked)", "Show it to everybody."),
    "css-opacity": _breaks("transparency (opacity)", "Use a lighter colour."),
    "css-mix-blend-mode": _breaks("blended pictures (mix-blend-mode)", "Blend the picture itself."),
    "html-svg": _breaks("drawings inside the mail (<svg>)", _PICTURE),
    "html-video": _breaks("videos inside the mail", _LINK),
    "html-audio": _breaks("sound inside the mail", _LINK),
    "html-form": _breaks("forms inside the mail", "Link to a page with the form."),
    "html-link": _breaks("linked style sheets (<link>)", "Write the rules into the mail."),
    "html-dialog": _breaks("dialogs", "Show what it says to everybody."),
    "html-marquee": _breaks("moving text (<marquee>)", "Let it stand still."),
    "html-image-maps": _breaks("image maps", "Cut the picture into several, each with its link."),
    "html-anchor-links": _breaks("links inside the mail (#…)", "Keep the mail short enough to need none."),
    "image-svg": _breaks("SVG pictures", _PICTURE),
    "image-webp": _breaks("WebP pictures", _PICTURE),
    "image-avif": _breaks("AVIF pictures", _PICTURE),
    "image-heif": _breaks("HEIF pictures", _PICTURE),
    "image-hdr": _breaks("HDR pictures", _PICTURE),
    "image-tiff": _breaks("TIFF pictures", _PICTURE),
    "image-bmp": _breaks("BMP pictures", _PICTURE),
    "image-mp4": _breaks("videos as pictures", _PICTURE),
    "image-base64": _breaks("pictures inside the HTML (data:)", "Put the picture into the media library."),
    "image-apng": Feature("moving PNGs"),
    "css-border-radius": Feature("rounded corners"),
    "css-box-shadow": Feature("shadows"),
    "css-text-shadow": Feature("shadows of letters"),
    "css-linear-gradient": Feature("gradients"),
    "css-radial-gradient": Feature("round gradients"),
    "css-conic-gradient": Feature("conic gradients"),
    "css-filter": Feature("filtered pictures"),
    "css-at-font-face": Feature("web fonts"),
    "css-at-keyframes": Feature("animations"),
    "css-at-media": Feature("its own layout for narrow screens"),
    "css-at-media-prefers-color-scheme": Feature("its own dark colours"),
    "css-at-supports": Feature("rules for clients that can (@supports)"),
    "css-max-width": Feature("a greatest width (max-width)"),
    "css-background-size": Feature("scaled background pictures"),
    "css-gap": Feature("gaps between boxes"),
    "css-aspect-ratio": Feature("fixed proportions (aspect-ratio)"),
    "css-list-style-image": Feature("pictures before list items"),
    "css-letter-spacing": Feature("spaced letters"),
    "css-rgba": Feature("half transparent colours"),
    "css-outline": Feature("outlines"),
    "html-picture": Feature("pictures that depend on the screen"),
    "html-srcset": Feature("sharper pictures for fine screens"),
}

_PROPERTIES: Final = {
    "float": "css-float",
    "column-count": "css-column-count",
    "columns": "css-column-count",
    "transform": "css-transform",
    "clip-path": "css-clip-path",
    "object-fit": "css-object-fit",
    "mix-blend-mode": "css-mix-blend-mode",
    "border-radius": "css-border-radius",
    "box-shadow": "css-box-shadow",
    "text-shadow": "css-text-shadow",
    "filter": "css-filter",
    "max-width": "css-max-width",
    "background-size": "css-background-size",
    "gap": "css-gap",
    "column-gap": "css-gap",
    "row-gap": "css-gap",
    "aspect-ratio": "css-aspect-ratio",
    "list-style-image": "css-list-style-image",
    "letter-spacing": "css-letter-spacing",
    "outline": "css-outline",
}
#: These change nothing, so that nobody misses them.
_NO_EFFECT: Final = frozenset({"none", "0", "0px", "normal", "auto", "initial", "inherit", "unset", "100%"})
_VALUES: Final = (
    (re.compile(r"\bvar\("), "css-variables"),
    (re.compile(r"\bcalc\("), "css-unit-calc"),
    (re.compile(r"\bclamp\("), "css-function-clamp"),
    (re.compile(r"(?<![-\w])min\("), "css-function-min"),
    (re.compile(r"(?<![-\w])max\("), "css-function-max"),
    (re.compile(r"\blight-dark\("), "css-function-light-dark"),
    (re.compile(r"\b(ok)?l(ab|ch)\("), "css-modern-color"),
    (re.compile(r"(?<![\w#])[\d.]+vw\b"), "css-unit-vw"),
    (re.compile(r"(?<![\w#])[\d.]+vh\b"), "css-unit-vh"),
    (re.compile(r"\blinear-gradient\("), "css-linear-gradient"),
    (re.compile(r"\bradial-gradient\("), "css-radial-gradient"),
    (re.compile(r"\bconic-gradient\("), "css-conic-gradient"),
    (re.compile(r"\brgba\("), "css-rgba"),
)
_AT_RULES: Final = {
    "import": "css-at-import",
    "font-face": "css-at-font-face",
    "keyframes": "css-at-keyframes",
    "-webkit-keyframes": "css-at-keyframes",
    "supports": "css-at-supports",
    "nesting": "css-nesting",
}
_ELEMENTS: Final = {
    "svg": "html-svg",
    "video": "html-video",
    "audio": "html-audio",
    "form": "html-form",
    "dialog": "html-dialog",
    "marquee": "html-marquee",
    "map": "html-image-maps",
    "picture": "html-picture",
}
_PSEUDO: Final = (
    (re.compile(r"::?before\b"), "css-pseudo-element-before"),
    (re.compile(r"::?after\b"), "css-pseudo-element-after"),
    (re.compile(r":checked\b"), "css-pseudo-class-checked"),
)
_IMAGES: Final = {
    **{"svg": "image-svg", "webp": "image-webp", "avif": "image-avif", "heic": "image-heif"},
    **{"heif": "image-heif", "tif": "image-tiff", "tiff": "image-tiff", "bmp": "image-bmp"},
    **{"mp4": "image-mp4", "webm": "image-mp4", "apng": "image-apng", "jxr": "image-hdr"},
}
_EXTENSION: Final = re.compile(r"\.([a-z0-9]{2,5})(?:[?#].*)?$", re.IGNORECASE)


def uses(mail: Mail) -> Iterator[Use]:
    """Yield what a mail makes use of, in the order of the document."""
    yield from _in_style_sheets(mail)
    for element in mail.elements:
        if mail.is_hidden(element) and element.tag not in _ELEMENTS:
            continue
        yield from _in_element(mail, element)


def declared(one: Declaration) -> Iterator[str]:
    """Yield the features that a declaration makes use of."""
    value = one.value.lower()
    if one.name == "display" and value.split()[:1] in (["flex"], ["inline-flex"]):
        yield "css-display-flex"
    elif one.name == "display" and value in {"grid", "inline-grid"}:
        yield "css-display-grid"
    elif one.name == "position" and value in {"absolute", "fixed", "sticky"}:
        yield "css-position"
    elif one.name == "opacity" and re.fullmatch(r"0?\.\d*[1-9]\d*|\d{1,2}%", value):
        yield "css-opacity"
    elif one.name in {"background", "background-image"} and "url(" in value:
        yield "css-background-image"
    elif one.name in _PROPERTIES and value not in _NO_EFFECT:
        yield _PROPERTIES[one.name]
    for pattern, slug in _VALUES:
        if pattern.search(value):
            yield slug


def _in_style_sheets(mail: Mail) -> Iterator[Use]:
    for at_rule in mail.at_rules:
        if at_rule.keyword == "media" and "prefers-color-scheme" in at_rule.prelude:
            yield Use("css-at-media-prefers-color-scheme", None, f"@media {at_rule.prelude}")
        elif at_rule.keyword == "media" and "width" in at_rule.prelude:
            yield Use("css-at-media", None, f"@media {at_rule.prelude}")
        elif at_rule.keyword == "import" and "font" in at_rule.prelude:
            yield Use("css-at-font-face", None, f"@import {at_rule.prelude}")
        elif at_rule.keyword in _AT_RULES:
            slug = _AT_RULES[at_rule.keyword]
            yield Use(slug, None, f"@{at_rule.keyword} {at_rule.prelude}".strip())
    for rule in mail.rules:
        if rule.conditions:
            continue
        for pattern, slug in _PSEUDO:
            if pattern.search(rule.selector) and any(one.name == "content" for one in rule.declarations):
                yield Use(slug, None, rule.selector)


def _in_element(mail: Mail, element: Element) -> Iterator[Use]:
    if element.tag in _ELEMENTS:
        yield Use(_ELEMENTS[element.tag], element, f"<{element.tag}>")
    if element.tag == "img":
        yield from _of_picture(element)
    href = element.get("href") or ""
    if element.tag == "a" and re.match(r"#.", href) and href not in mail.own_links:
        yield Use("html-anchor-links", element, href)
    for one in declarations(element.get("style") or ""):
        for slug in declared(one):
            yield Use(slug, element, f"{one.name}: {one.value}")


def picture_feature(source: str) -> str:
    """Return the feature that a picture's format is; nothing for those that every client shows."""
    if source.startswith("data:"):
        return "image-base64"
    found = _EXTENSION.search(source)
    return _IMAGES.get(found[1].lower(), "") if found else ""


def _of_picture(element: Element) -> Iterator[Use]:
    source = (element.get("src") or "").strip()
    if slug := picture_feature(source):
        yield Use(slug, element, source[:40] if slug == "image-base64" else source)
    if element.get("srcset"):
        yield Use("html-srcset", element, element.get("srcset"))
