"""Blocks that are words: text, headings, quotes, somebody’s own HTML, the footer."""

from typing import Final

from mailer.rendering.blocks import kinds
from mailer.rendering.blocks.parts.frame import cell, font, frame
from mailer.rendering.blocks.pen import Pen, Shade

_HEADING_SIZES: Final = {1: 32, 2: 24, 3: 19, 4: 16}


def text(block: kinds.Text, pen: Pen, ground: Shade, width: int) -> str:
    """Return a text."""
    return _words(
        block, pen, ground, pen.rich(block.html), align=block.align, color=block.color, size=block.size
    )


def content(block: kinds.Content, pen: Pen, ground: Shade, width: int) -> str:
    """Return where a campaign's words go in a layout."""
    words = pen.content or ("<p>A campaign’s words go here.</p>" if pen.is_marked else "")
    if not words:
        return ""
    return _words(block, pen, ground, words, align="left", color=None, size=None)


def heading(block: kinds.Heading, pen: Pen, ground: Shade, width: int) -> str:
    """Return a heading."""
    ink = pen.ink(block.color, pen.settings.heading_color, ground)
    size = block.size or _HEADING_SIZES[block.level]
    classes = f"{pen.ink_class(ink)}{' big' if size > 30 else ''}"
    tag = f"h{block.level}"
    words = f'<{tag} style="margin:0;font-size:inherit;line-height:inherit;font-weight:700">{pen.words(block.text)}</{tag}>'
    return (
        f'<mj-text {frame(block, pen, ground, classes)} align="{block.align}" color="{ink.day}" '
        f'font-family="{pen.heading_font}" font-size="{size}px" line-height="1.25">{pen.slot(words)}</mj-text>'
    )


def html(block: kinds.Html, pen: Pen, ground: Shade, width: int) -> str:
    """Return somebody's own HTML, cleaned."""
    ink = pen.ink(None, pen.settings.text_color, ground)
    style = f"{font(pen, pen.settings.font_size)};color:{ink.day}"
    return cell(block, pen, ground, pen.rich(block.code), style=style, classes=pen.ink_class(ink))


def quote(block: kinds.Quote, pen: Pen, ground: Shade, width: int) -> str:
    """Return a quotation, and who said it."""
    ink, muted = pen.ink(None, pen.settings.text_color, ground), pen.ink(None, "muted", ground)
    bar = pen.ground(block.color, "accent")
    by = ", ".join(pen.words(part) for part in (block.author, block.role) if part)
    signed = (
        f'<tr><td class="{pen.ink_class(muted)}" style="padding:10px 0 0 20px;{font(pen, 14)};'
        f'color:{muted.day};border-left:3px solid {bar.day}">{by}</td></tr>'
        if by
        else ""
    )
    size = pen.settings.font_size + 2
    return cell(
        block,
        pen,
        ground,
        '<table role="presentation" width="100%" border="0" cellpadding="0" cellspacing="0"><tr>'
        f'<td class="words {pen.ink_class(ink)} {pen.link_class(ground)}" '
        f'style="padding:0 0 0 20px;border-left:3px solid {bar.day};{font(pen, size)};font-style:italic;'
        f'color:{ink.day}"><div>{pen.rich(block.html)}</div></td></tr>{signed}</table>',
    )


def footer(block: kinds.Footer, pen: Pen, ground: Shade, width: int) -> str:
    """Return the footer: who writes, and how to leave."""
    ink = pen.ink(block.color, "muted", ground)
    links = [("unsubscribe_url", block.unsubscribe_label or "Unsubscribe")]
    if block.has_preferences:
        links.append(("preferences_url", block.preferences_label or "Preferences"))
    if block.has_view_in_browser:
        links.append(("view_url", block.view_label or "View in browser"))
    written = " &middot; ".join(
        f'<a class="{pen.ink_class(ink)}" href="{pen.tag(f"{{{{ {name} }}}}")}" '
        f'style="color:{ink.day};text-decoration:underline">{pen.words(label)}</a>'
        for name, label in links
    )
    address = (
        pen.tag("{{ workspace.name }}")
        + pen.tag("{% if workspace.postal_address %}")
        + " &middot; "
        + pen.tag("{{ workspace.postal_address }}")
        + pen.tag("{% endif %}")
    )
    classes = f"words {pen.ink_class(ink)}"
    return (
        f'<mj-text {frame(block, pen, ground, classes)} align="{block.align}" color="{ink.day}" '
        f'font-family="{pen.font}" font-size="{block.size}px" line-height="1.6">'
        + pen.slot(f"{pen.rich(block.html)}<p>{address}</p><p>{written}</p>")
        + "</mj-text>"
    )


def _words(
    block: kinds.Block, pen: Pen, ground: Shade, html: str, *, align: str, color: str | None, size: int | None
) -> str:
    ink = pen.ink(color, pen.settings.text_color, ground)
    size = size or pen.settings.font_size
    classes = f"words {pen.ink_class(ink)} {pen.link_class(ground)}"
    return (
        f'<mj-text {frame(block, pen, ground, classes)} align="{align}" color="{ink.day}" '
        f'font-family="{pen.font}" font-size="{size}px" line-height="{pen.settings.line_height}">'
        f"{pen.slot(html)}</mj-text>"
    )
