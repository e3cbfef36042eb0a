"""Buttons and links, and the lines and room between blocks."""

from typing import Final

from mailer.rendering.blocks import kinds
from mailer.rendering.blocks.parts.frame import cell, font, frame, missing
from mailer.rendering.blocks.pen import Pen, Shade

_BUTTONS: Final = {"small": (14, "9px 18px"), "medium": (16, "13px 26px"), "large": (18, "17px 34px")}

NETWORKS: Final = {
    "website": "Website",
    "email": "Email",
    "bluesky": "Bluesky",
    "discord": "Discord",
    "facebook": "Facebook",
    "github": "GitHub",
    "instagram": "Instagram",
    "linkedin": "LinkedIn",
    "mastodon": "Mastodon",
    "pinterest": "Pinterest",
    "podcast": "Podcast",
    "telegram": "Telegram",
    "threads": "Threads",
    "tiktok": "TikTok",
    "whatsapp": "WhatsApp",
    "x": "X",
    "youtube": "YouTube",
}


def button(block: kinds.Button, pen: Pen, ground: Shade, width: int) -> str:
    """Return a button."""
    return cell(block, pen, ground, button_table(block, pen, ground), align=block.align)


def button_table(block: kinds.Button, pen: Pen, ground: Shade) -> str:
    """Return a button as a table, which Outlook draws in full."""
    fill, ink = pen.fill(block.background_color, "accent", ground)
    border = ""
    if block.is_outlined:
        ink = pen.ink(block.background_color, "accent", ground)
        border = f"border:2px solid {ink.day};"
    if block.color:
        ink = Shade(pen.ground(block.color).day, pen.ground(block.color).day)
    size, padding = _BUTTONS[block.size]
    radius = 8 if block.radius is None else block.radius
    width = ' width="100%"' if block.is_full_width else ""
    ground_style = "" if block.is_outlined else f"background-color:{fill.day};"
    ground_class = pen.line_class(ink) if block.is_outlined else pen.ground_class(fill)
    background = "" if block.is_outlined else f' bgcolor="{fill.day}"'
    display = "block" if block.is_full_width else "inline-block"
    href = f' href="{pen.words(block.href)}"' if block.href else ""
    return (
        f'<table role="presentation" border="0" cellpadding="0" cellspacing="0"{width} '
        f'style="border-collapse:separate"><tr><td class="{ground_class}" align="center"{background} '
        f'style="{ground_style}{border}border-radius:{radius}px;mso-padding-alt:{padding}">'
        f'<a class="{pen.ink_class(ink)}"{href} style="display:{display};padding:{padding};'
        f"{font(pen, size, line_height=1.2)};font-weight:600;color:{ink.day};text-decoration:none;"
        f'mso-padding-alt:0">{pen.words(block.label)}</a></td></tr></table>'
    )


def divider(block: kinds.Divider, pen: Pen, ground: Shade, width: int) -> str:
    """Return a line."""
    line = pen.ink_of_line(ground)
    if block.color:
        line = Shade(pen.ground(block.color).day, pen.ink(block.color, "line", ground).night)
    return (
        f'<mj-divider {frame(block, pen, ground, pen.line_class(line))} border-color="{line.day}" '
        f'border-width="{block.thickness}px" border-style="{block.line}" width="{block.width}%" '
        f'align="{block.align}"/>'
    )


def spacer(block: kinds.Spacer, pen: Pen, ground: Shade, width: int) -> str:
    """Return room."""
    return f'<mj-spacer {frame(block, pen, ground)} height="{block.height}px"/>'


def social(block: kinds.Social, pen: Pen, ground: Shade, width: int) -> str:
    """Return links to where somebody is found."""
    links = [link for link in block.links if link.href or pen.is_marked]
    if not links:
        return missing(block, pen, ground, "Add links")
    ink, line = pen.ink(block.color, "text", ground), pen.ink_of_line(ground)
    is_pill = block.look == "pills"
    look = (
        f"display:inline-block;margin:4px 2px;padding:7px 14px;border:1px solid {line.day};border-radius:99px;"
        "text-decoration:none"
        if is_pill
        else "text-decoration:underline"
    )
    classes = f"{pen.ink_class(ink)} {pen.line_class(line) if is_pill else ''}"
    written = [
        f'<a class="{classes}" href="{pen.words(link.href)}" '
        f'style="{look};{font(pen, 14, line_height=1.4)};font-weight:500;color:{ink.day}">'
        f"{pen.words(link.label or NETWORKS[link.network])}</a>"
        for link in links
    ]
    between = " " if is_pill else f'<span style="color:{line.day}"> &middot; </span>'
    return cell(block, pen, ground, between.join(written), align=block.align)
