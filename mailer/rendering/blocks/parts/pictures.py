"""Blocks that are pictures, and pictures beside words."""

from mailer.rendering.blocks import kinds
from mailer.rendering.blocks.parts.frame import cell, font, frame, missing
from mailer.rendering.blocks.pen import Pen, Shade


def image(block: kinds.Image, pen: Pen, ground: Shade, width: int) -> str:
    """Return a picture, with words below it if there are any."""
    if not block.src:
        return missing(block, pen, ground, "Choose a picture", room=72)
    alt = "" if block.is_decorative else pen.words(block.alt)
    link = f'href="{pen.words(block.href)}"' if block.href else ""
    image = (
        f'<mj-image {frame(block, pen, ground)} src="{pen.words(block.src)}" alt="{alt}" {link} '
        f'width="{min(block.width or width, width)}px" align="{block.align}" border-radius="{block.radius}px"/>'
    )
    if not block.caption:
        return image
    muted = pen.ink(None, "muted", ground)
    style = f"padding:0 0 8px;{font(pen, 13)};color:{muted.day}"
    return image + pen.raw(
        f'<tr><td class="{pen.ink_class(muted)}" align="{block.align}" style="{style}">'
        f"{pen.words(block.caption)}</td></tr>"
    )


def video(block: kinds.Video, pen: Pen, ground: Shade, width: int) -> str:
    """Return a picture that leads to a film."""
    if not block.poster:
        return missing(block, pen, ground, "Choose a picture for the film", room=72)
    href, radius = pen.words(block.href), block.radius
    return cell(
        block,
        pen,
        ground,
        f'<table role="presentation" width="100%" border="0" cellpadding="0" cellspacing="0" '
        f'style="border-collapse:separate"><tr><td style="font-size:0;line-height:0"><a href="{href}">'
        f'<img src="{pen.words(block.poster)}" alt="{pen.words(block.alt)}" width="{width}" '
        f'style="display:block;width:100%;height:auto;border:0;border-radius:{radius}px {radius}px 0 0"></a></td></tr>'
        f'<tr><td align="center" bgcolor="#16171a" style="background-color:#16171a;'
        f'border-radius:0 0 {radius}px {radius}px"><a href="{href}" style="display:block;padding:13px 16px;'
        f'{font(pen, 15, line_height=1.3)};font-weight:600;color:#ffffff;text-decoration:none">'
        f"&#9654;&#65038;&ensp;{pen.words(block.label)}</a></td></tr></table>",
    )


def logo(block: kinds.Logo, pen: Pen, ground: Shade, width: int) -> str:
    """Return the block's logo or the brand's, or the workspace's name where there is none."""
    src = block.src or pen.brand.logo_src
    href = block.href or pen.brand.logo_href
    if src:
        alt = pen.words(block.alt or pen.brand.logo_alt) or pen.tag("{{ workspace.name }}")
        link = f'href="{pen.words(href)}"' if href else ""
        return (
            f'<mj-image {frame(block, pen, ground)} src="{pen.words(src)}" alt="{alt}" {link} '
            f'width="{min(block.width, width)}px" align="{block.align}"/>'
        )
    ink = pen.ink(None, pen.settings.heading_color, ground)
    name = pen.words(block.alt) or pen.tag("{{ workspace.name }}")
    if href:
        name = f'<a class="{pen.ink_class(ink)}" href="{pen.words(href)}" style="color:{ink.day};text-decoration:none">{name}</a>'
    style = f"font-family:{pen.heading_font};font-size:18px;line-height:1.3;font-weight:700;color:{ink.day}"
    return cell(block, pen, ground, name, style=style, align=block.align, classes=pen.ink_class(ink))


def pictured(
    pen: Pen, *, image: str, alt: str, href: str, words: str, look: str, width: int, share: int = 120
) -> str:
    """Return words with a picture beside or above them."""
    if not image or look == "plain":
        return words
    size = width if look == "above" else min(share, width // 2)
    picture = (
        f'<img src="{image}" alt="{alt}" width="{size}" '
        f'style="display:block;width:{"100%" if look == "above" else f"{size}px"};height:auto;border:0;border-radius:8px">'
    )
    if href:
        picture = f'<a href="{href}">{picture}</a>'
    table = '<table role="presentation" width="100%" border="0" cellpadding="0" cellspacing="0">'
    if look == "above":
        return (
            f'{table}<tr><td style="padding-bottom:12px;font-size:0;line-height:0">{picture}</td></tr>'
            f"<tr><td>{words}</td></tr></table>"
        )
    narrow = "thumb" if size <= 120 else ""
    return (
        f'{table}<tr><td class="{narrow}" valign="top" width="{size}" style="width:{size}px;font-size:0;line-height:0">'
        f'{picture}</td><td width="16" style="width:16px;font-size:0">&nbsp;</td><td valign="top">{words}</td></tr></table>'
    )
