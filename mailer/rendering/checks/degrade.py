"""How a mail looks where less is supported: what a family of clients cannot show is taken out of it.

It is drawn by the reader's own browser all the same, so fonts, spaces and the order of
boxes are only near to what the client would do; what is missing there is missing here.
"""

import re
from typing import Any, Final

import tinycss2
from lxml import etree

from mailer.rendering.checks.css import Declaration, declarations
from mailer.rendering.checks.families import support
from mailer.rendering.checks.features import declared, picture_feature

Element = Any

#: What can be previewed, with what it is called.
PREVIEWS: Final = {
    "outlook-windows": "Outlook for Windows",
    "gmail": "Gmail",
    "gmail-other": "Gmail app, other account",
    "apple-mail-dark": "Apple Mail, dark",
}

_DROPPED: Final = {
    "html-video": ("video",),
    "html-audio": ("audio",),
    "html-svg": ("svg",),
    "html-form": ("form", "input", "button", "select", "textarea"),
    "html-link": ("link",),
    "html-dialog": ("dialog",),
}
#: Their content is shown by clients that do not know them.
_UNWRAPPED: Final = frozenset({"video", "audio", "form", "button"})
_FOR_OUTLOOK: Final = re.compile(r"<!--\[if [^\]!]*mso[^\]]*\]>(.*?)<!\[endif\]-->", re.DOTALL)
_FOR_OTHERS: Final = re.compile(r"<!--\[if !mso[^\]]*\]>(?:<!-->|-->)?.*?(?:<!--)?<!\[endif\]-->", re.DOTALL)
_NOT_OUTLOOK_2019: Final = re.compile(r"<!--\[if [^\]]*(?:IE|lt|lte) [^\]]*\]>.*?<!\[endif\]-->", re.DOTALL)
_DARK_PAPER: Final = "<style>:root{color-scheme:dark}html{background:#1c1c1e;color:#fff}</style>"


def degrade(html: str, preview: str) -> str:
    """Return a mail as the clients of one preview show it.

    :param preview: one of :data:`PREVIEWS`
    """
    if preview == "apple-mail-dark":
        return _in_the_dark(html)
    if preview == "outlook-windows":
        html = _FOR_OTHERS.sub("", _NOT_OUTLOOK_2019.sub("", html))
        html = _FOR_OUTLOOK.sub(lambda match: _readable_by_browsers(match[1]), html)
    lacking = {slug for slug, families in support().items() if families.get(preview) == "n"}
    if preview == "outlook-windows":
        lacking.add("css-max-width")
    root = etree.fromstring(html.encode(), etree.HTMLParser(encoding="utf-8"))
    if root is None:
        return html
    _drop_elements(root, lacking)
    for element in root.iter(etree.Element):
        _plain(element, lacking)
    for style in list(root.iter("style")):
        style.text = "" if preview == "gmail-other" else _plain_sheet(style.text or "", lacking)
    drawn: str = etree.tostring(root, method="html", encoding="unicode", doctype="<!DOCTYPE html>")
    return drawn


def _readable_by_browsers(source: str) -> str:
    """Leave out what only Word understands: its own XML and VML."""
    return re.sub(r"<xml\b.*?</xml>|</?[ovw]:[^>]*>", "", source, flags=re.DOTALL)


def _drop_elements(root: Element, lacking: set[str]) -> None:
    for slug in lacking & set(_DROPPED):
        for element in list(root.iter(*_DROPPED[slug])):
            if element.tag in _UNWRAPPED:
                element.tag = "div"
                element.attrib.clear()
            else:
                _remove(element)
    for image in root.iter("img"):
        if picture_feature(image.get("src") or "") in lacking:
            image.set("src", "data:,")
        if "html-srcset" in lacking:
            image.attrib.pop("srcset", None)


def _remove(element: Element) -> None:
    parent, previous = element.getparent(), element.getprevious()
    if element.tail and previous is not None:
        previous.tail = (previous.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _plain(element: Element, lacking: set[str]) -> None:
    style = element.get("style")
    if style is None:
        return
    kept = [one for one in declarations(style) if not lacking & set(declared(one))]
    element.set("style", "; ".join(_written(one) for one in kept))


def _plain_sheet(text: str, lacking: set[str]) -> str:
    nodes = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
    return "\n".join(_rule(node, lacking) for node in nodes)


def _rule(node: Any, lacking: set[str]) -> str:
    if node.type == "qualified-rule":
        content = tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
        kept = [
            one
            for part in content
            if part.type == "declaration"
            for one in declarations(part.serialize())
            if not lacking & set(declared(one))
        ]
        return f"{tinycss2.serialize(node.prelude)}{{{';'.join(_written(one) for one in kept)}}}"
    if node.type != "at-rule" or _lacks_at_rule(node, lacking):
        return ""
    if node.content is None or node.lower_at_keyword not in {"media", "supports"}:
        return str(node.serialize())
    inside = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
    rules = "".join(_rule(one, lacking) for one in inside)
    return f"@{node.at_keyword}{tinycss2.serialize(node.prelude)}{{{rules}}}"


def _lacks_at_rule(node: Any, lacking: set[str]) -> bool:
    keyword, prelude = node.lower_at_keyword, tinycss2.serialize(node.prelude)
    if keyword == "media" and "prefers-color-scheme" in prelude:
        return "css-at-media-prefers-color-scheme" in lacking
    slug = {"media": "css-at-media", "keyframes": "css-at-keyframes"}.get(keyword, f"css-at-{keyword}")
    return slug in lacking


def _written(one: Declaration) -> str:
    return f"{one.name}: {one.value}{' !important' if one.is_important else ''}"


def _in_the_dark(html: str) -> str:
    """Let rules for a dark screen hold on every screen."""
    dark = re.sub(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)", "(min-width: 0)", html)
    dark = re.sub(r"\(\s*prefers-color-scheme\s*:\s*light\s*\)", "(max-width: 0)", dark)
    head = re.search(r"<head[^>]*>", dark, re.IGNORECASE)
    place = head.end() if head else 0
    return dark[:place] + _DARK_PAPER + dark[place:]
