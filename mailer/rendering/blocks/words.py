"""A document as words alone: the text part, for those who read without HTML."""

import re
from collections.abc import Callable
from typing import Any, Final

from lxml import etree

from mailer.rendering import plain_text
from mailer.rendering.blocks import kinds
from mailer.rendering.blocks.days import day_in
from mailer.rendering.blocks.document import Document
from mailer.rendering.shield import Shield

#: What stands around a headline, by its level.
_UNDERLINES: Final = {1: "=", 2: "-"}


def to_text(document: Document) -> str:
    """Return the text part of a document, with its merge tags."""
    language = document.settings.language
    rows = []
    for row in document.rows:
        parts = [
            _when(block.visible_if, _PARTS[block.type](block, language))
            for column in row.columns
            for block in column.blocks
        ]
        rows.append(_when(row.visible_if, "\n\n".join(filter(None, parts))))
    return plain_text.tidy("\n\n".join(filter(None, rows)))


def _when(condition: str, text: str) -> str:
    if not condition or not text:
        return text
    return f"{{% if {condition} %}}{text}\n\n{{% endif %}}"


def _rich(html: str) -> str:
    """Return rich text as words, with each link's address after its words."""
    if not html.strip():
        return ""
    shield = Shield(html)
    page = f"<html><body>{shield.cover(html)}</body></html>"
    root = etree.fromstring(page.encode(), etree.HTMLParser(encoding="utf-8"))
    return plain_text.from_document(root, shield).strip()


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def _link(label: str, href: str) -> str:
    if not href:
        return label
    address = re.sub(r"^(mailto|tel):", "", href)
    return f"{label}: {address}" if label and label != address else address


def _text(block: kinds.Text | kinds.Html, language: str) -> str:
    return _rich(block.html if isinstance(block, kinds.Text) else block.code)


def _heading(block: kinds.Heading, language: str) -> str:
    underline = _UNDERLINES.get(block.level)
    length = min(60, len(re.sub(r"\{.*?\}\}?", "…", block.text)))
    return f"{block.text}\n{underline * length}" if underline and block.text else block.text


def _image(block: kinds.Image, language: str) -> str:
    alt = "" if block.is_decorative else block.alt
    return _lines(_link(f"[{alt}]" if alt else "", block.href) if block.href or alt else "", block.caption)


def _button(block: kinds.Button, language: str) -> str:
    return _link(block.label, block.href)


def _divider(block: kinds.Divider, language: str) -> str:
    return "---"


def _nothing(block: kinds.Block, language: str) -> str:
    return ""


def _social(block: kinds.Social, language: str) -> str:
    return _lines(
        *(
            _link(link.label or kinds.NETWORK_NAMES[link.network], link.href)
            for link in block.links
            if link.href
        )
    )


def _quote(block: kinds.Quote, language: str) -> str:
    quoted = "\n".join(f"> {line}".rstrip() for line in _rich(block.html).split("\n"))
    by = ", ".join(part for part in (block.author, block.role) if part)
    return _lines(quoted, f"— {by}" if by else "")


def _items(block: kinds.Items, language: str) -> str:
    if block.source:
        label = f"{block.label}: " if block.label else ""
        entry = f"* {{{{ item.title }}}}\n{{{{ item.text }}}}\n{label}{{{{ item.href }}}}\n\n"
        return entry.join(block.loop_tags())
    return "\n\n".join(
        _lines(
            f"* {item.title}" if item.title else "",
            item.text,
            _link(block.label, item.href) if item.href else "",
        )
        for item in block.items
    )


def _coupon(block: kinds.Coupon, language: str) -> str:
    until = f"{block.expires_label} {day_in(language, block.expires_on, 'long')}" if block.expires_on else ""
    return _lines(block.title, f"*** {block.code} ***", block.text, until, _link(block.label, block.href))


def _date(block: kinds.Date, language: str) -> str:
    if block.on is None:
        return ""
    when = ", ".join(part for part in (day_in(language, block.on, "full"), block.time) if part)
    return _lines(block.title, when, block.place, _link(block.label, block.href) if block.href else "")


def _product(block: kinds.Product, language: str) -> str:
    price = f"{block.price} (before: {block.old_price})" if block.old_price else block.price
    return _lines(block.name, block.text, price, _link(block.label, block.href) if block.href else "")


def _video(block: kinds.Video, language: str) -> str:
    return _link(block.label or block.alt, block.href)


def _logo(block: kinds.Logo, language: str) -> str:
    return block.alt or "{{ workspace.name }}"


def _footer(block: kinds.Footer, language: str) -> str:
    links = [_link(block.unsubscribe_label or "Unsubscribe", "{{ unsubscribe_url }}")]
    if block.has_preferences:
        links.append(_link(block.preferences_label or "Preferences", "{{ preferences_url }}"))
    if block.has_view_in_browser:
        links.append(_link(block.view_label or "View in browser", "{{ view_url }}"))
    address = (
        "{{ workspace.name }}{% if workspace.postal_address %} · {{ workspace.postal_address }}{% endif %}"
    )
    return _lines("-- ", _rich(block.html), address, *links)


_PARTS: Final[dict[str, Callable[[Any, str], str]]] = {
    "text": _text,
    "heading": _heading,
    "image": _image,
    "button": _button,
    "divider": _divider,
    "spacer": _nothing,
    "social": _social,
    "video": _video,
    "html": _text,
    "quote": _quote,
    "items": _items,
    "coupon": _coupon,
    "date": _date,
    "product": _product,
    "logo": _logo,
    "content": _nothing,
    "footer": _footer,
}
