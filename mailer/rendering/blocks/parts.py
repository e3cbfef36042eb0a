"""Each block as MJML: one function for each kind.

MJML writes what mail programs quarrel about (sections, columns, images, Outlook);
blocks that it knows nothing of are table cells of our own, inside ``mj-raw``.
"""

from collections.abc import Callable
from typing import Any, Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from mailer.rendering.blocks import kinds
from mailer.rendering.blocks.pen import Pen, Shade

_HEADING_SIZES: Final = {1: 32, 2: 24, 3: 19, 4: 16}
_BUTTONS: Final = {"small": (14, "9px 18px"), "medium": (16, "13px 26px"), "large": (18, "17px 34px")}
#: Between the entries of a list.
_ENTRY_GAP: Final = 20

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


def to_mjml(block: kinds.Block, pen: Pen, ground: Shade, width: int, *, beside: int = 0) -> str:
    """Return a block as MJML, with its condition around it.

    :param ground: what it stands on
    :param width: pixels that it may take
    :param beside: pixels that its column keeps free on both sides
    """
    if block.background:
        ground = pen.ground(block.background)
    inner = max(40, width - block.padding.left - block.padding.right)
    if beside:
        room = {"left": block.padding.left + beside, "right": block.padding.right + beside}
        block = block.model_copy(update={"padding": block.padding.model_copy(update=room)})
    return pen.when(block.visible_if, _PARTS[block.type](block, pen, ground, inner))


def day_in(language: str, day: Any, pattern: str) -> str:
    """Return a day in the words of a language; English when it is not known."""
    try:
        locale = Locale.parse(language.replace("-", "_") or "en")
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse("en")
    return str(format_date(day, pattern, locale=locale))


def _text(block: kinds.Text, pen: Pen, ground: Shade, width: int) -> str:
    return _words(
        block, pen, ground, pen.rich(block.html), align=block.align, color=block.color, size=block.size
    )


def _content(block: kinds.Content, pen: Pen, ground: Shade, width: int) -> str:
    words = pen.content or ("<p>A campaign’s words go here.</p>" if pen.is_marked else "")
    if not words:
        return ""
    return _words(block, pen, ground, words, align="left", color=None, size=None)


def _words(
    block: kinds.Block, pen: Pen, ground: Shade, html: str, *, align: str, color: str | None, size: int | None
) -> str:
    ink = pen.ink(color, pen.settings.text_color, ground)
    size = size or pen.settings.font_size
    classes = f"words {pen.ink_class(ink)} {pen.link_class(ground)}"
    return (
        f'<mj-text {_frame(block, pen, ground, classes)} align="{align}" color="{ink.day}" '
        f'font-family="{pen.font}" font-size="{size}px" line-height="{pen.settings.line_height}">'
        f"{pen.slot(html)}</mj-text>"
    )


def _heading(block: kinds.Heading, pen: Pen, ground: Shade, width: int) -> str:
    ink = pen.ink(block.color, pen.settings.heading_color, ground)
    size = block.size or _HEADING_SIZES[block.level]
    classes = f"{pen.ink_class(ink)}{' big' if size > 30 else ''}"
    tag = f"h{block.level}"
    words = f'<{tag} style="margin:0;font-size:inherit;line-height:inherit;font-weight:700">{pen.words(block.text)}</{tag}>'
    return (
        f'<mj-text {_frame(block, pen, ground, classes)} align="{block.align}" color="{ink.day}" '
        f'font-family="{pen.heading_font}" font-size="{size}px" line-height="1.25">{pen.slot(words)}</mj-text>'
    )


def _image(block: kinds.Image, pen: Pen, ground: Shade, width: int) -> str:
    if not block.src:
        return _missing(block, pen, ground, "Choose a picture", room=72)
    alt = "" if block.is_decorative else pen.words(block.alt)
    link = f'href="{pen.words(block.href)}"' if block.href else ""
    image = (
        f'<mj-image {_frame(block, pen, ground)} src="{pen.words(block.src)}" alt="{alt}" {link} '
        f'width="{min(block.width or width, width)}px" align="{block.align}" border-radius="{block.radius}px"/>'
    )
    if not block.caption:
        return image
    muted = pen.ink(None, "muted", ground)
    style = f"padding:0 0 8px;{_type(pen, 13)};color:{muted.day}"
    return image + pen.raw(
        f'<tr><td class="{pen.ink_class(muted)}" align="{block.align}" style="{style}">'
        f"{pen.words(block.caption)}</td></tr>"
    )


def _button(block: kinds.Button, pen: Pen, ground: Shade, width: int) -> str:
    return _cell(block, pen, ground, button(block, pen, ground), align=block.align)


def button(block: kinds.Button, pen: Pen, ground: Shade) -> str:
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
        f"{_type(pen, size, line_height=1.2)};font-weight:600;color:{ink.day};text-decoration:none;"
        f'mso-padding-alt:0">{pen.words(block.label)}</a></td></tr></table>'
    )


def _divider(block: kinds.Divider, pen: Pen, ground: Shade, width: int) -> str:
    line = pen.ink_of_line(ground)
    if block.color:
        line = Shade(pen.ground(block.color).day, pen.ink(block.color, "line", ground).night)
    return (
        f'<mj-divider {_frame(block, pen, ground, pen.line_class(line))} border-color="{line.day}" '
        f'border-width="{block.thickness}px" border-style="{block.line}" width="{block.width}%" '
        f'align="{block.align}"/>'
    )


def _spacer(block: kinds.Spacer, pen: Pen, ground: Shade, width: int) -> str:
    return f'<mj-spacer {_frame(block, pen, ground)} height="{block.height}px"/>'


def _social(block: kinds.Social, pen: Pen, ground: Shade, width: int) -> str:
    links = [link for link in block.links if link.href or pen.is_marked]
    if not links:
        return _missing(block, pen, ground, "Add links")
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
        f'style="{look};{_type(pen, 14, line_height=1.4)};font-weight:500;color:{ink.day}">'
        f"{pen.words(link.label or NETWORKS[link.network])}</a>"
        for link in links
    ]
    between = " " if is_pill else f'<span style="color:{line.day}"> &middot; </span>'
    return _cell(block, pen, ground, between.join(written), align=block.align)


def _video(block: kinds.Video, pen: Pen, ground: Shade, width: int) -> str:
    if not block.poster:
        return _missing(block, pen, ground, "Choose a picture for the film", room=72)
    href, radius = pen.words(block.href), block.radius
    return _cell(
        block,
        pen,
        ground,
        f'<table role="presentation" width="100%" border="0" cellpadding="0" cellspacing="0" '
        f'style="border-collapse:separate"><tr><td style="font-size:0;line-height:0"><a href="{href}">'
        f'<img src="{pen.words(block.poster)}" alt="{pen.words(block.alt)}" width="{width}" '
        f'style="display:block;width:100%;height:auto;border:0;border-radius:{radius}px {radius}px 0 0"></a></td></tr>'
        f'<tr><td align="center" bgcolor="#16171a" style="background-color:#16171a;'
        f'border-radius:0 0 {radius}px {radius}px"><a href="{href}" style="display:block;padding:13px 16px;'
        f'{_type(pen, 15, line_height=1.3)};font-weight:600;color:#ffffff;text-decoration:none">'
        f"&#9654;&#65038;&ensp;{pen.words(block.label)}</a></td></tr></table>",
    )


def _html(block: kinds.Html, pen: Pen, ground: Shade, width: int) -> str:
    ink = pen.ink(None, pen.settings.text_color, ground)
    style = f"{_type(pen, pen.settings.font_size)};color:{ink.day}"
    return _cell(block, pen, ground, pen.rich(block.code), style=style, classes=pen.ink_class(ink))


def _quote(block: kinds.Quote, pen: Pen, ground: Shade, width: int) -> str:
    ink, muted = pen.ink(None, pen.settings.text_color, ground), pen.ink(None, "muted", ground)
    bar = pen.ground(block.color, "accent")
    by = ", ".join(pen.words(part) for part in (block.author, block.role) if part)
    signed = (
        f'<tr><td class="{pen.ink_class(muted)}" style="padding:10px 0 0 20px;{_type(pen, 14)};'
        f'color:{muted.day};border-left:3px solid {bar.day}">{by}</td></tr>'
        if by
        else ""
    )
    size = pen.settings.font_size + 2
    return _cell(
        block,
        pen,
        ground,
        '<table role="presentation" width="100%" border="0" cellpadding="0" cellspacing="0"><tr>'
        f'<td class="words {pen.ink_class(ink)} {pen.link_class(ground)}" '
        f'style="padding:0 0 0 20px;border-left:3px solid {bar.day};{_type(pen, size)};font-style:italic;'
        f'color:{ink.day}"><div>{pen.rich(block.html)}</div></td></tr>{signed}</table>',
    )


def _items(block: kinds.Items, pen: Pen, ground: Shade, width: int) -> str:
    written = [
        _entry(
            pen,
            ground,
            width,
            look=block.look,
            title=pen.words(item.title),
            text=pen.lines(item.text),
            href=pen.words(item.href),
            image=pen.words(item.image),
            alt=pen.words(item.alt),
            label=pen.words(block.label) if item.href else "",
        )
        for item in block.items
    ]
    if block.source:
        written = [_repeated(block, pen, ground, width)]
    gap = f'<div style="height:{_ENTRY_GAP}px;line-height:{_ENTRY_GAP}px;font-size:1px">&nbsp;</div>'
    return (
        _cell(block, pen, ground, gap.join(written))
        if written
        else _missing(block, pen, ground, "Add entries")
    )


def _repeated(block: kinds.Items, pen: Pen, ground: Shade, width: int) -> str:
    say: Callable[[str], str] = lambda name: pen.tag(f"{{{{ item.{name} }}}}")  # noqa: E731
    entry = _entry(
        pen,
        ground,
        width,
        look="plain" if block.look == "plain" else "above",
        title=say("title"),
        text=say("text"),
        href=say("href"),
        image="",
        alt="",
        label=pen.words(block.label),
    )
    gap = f'<div style="height:{_ENTRY_GAP}px;line-height:{_ENTRY_GAP}px;font-size:1px">&nbsp;</div>'
    head, end = (pen.tag(tag) for tag in repeated(block))
    return f"{head}{entry}{gap}{end}"


def repeated(block: kinds.Items) -> tuple[str, str]:
    """Return the tags around what is written for each entry of a source."""
    head = f"{{% for item in {block.source} %}}{{% if loop.index <= {block.most} %}}"
    return head, "{% endif %}{% endfor %}"


def _entry(
    pen: Pen,
    ground: Shade,
    width: int,
    *,
    look: str,
    title: str,
    text: str,
    href: str,
    image: str,
    alt: str,
    label: str,
) -> str:
    heading, ink = (
        pen.ink(None, pen.settings.heading_color, ground),
        pen.ink(None, pen.settings.text_color, ground),
    )
    link = pen.ink(None, pen.settings.link_color, ground)
    name = title
    if href:
        name = (
            f'<a class="{pen.ink_class(heading)}" href="{href}" '
            f'style="color:{heading.day};text-decoration:none">{title}</a>'
        )
    parts = [
        f'<div class="{pen.ink_class(heading)}" style="font-family:{pen.heading_font};font-size:18px;'
        f'line-height:1.35;font-weight:700;color:{heading.day}">{name}</div>'
        if title
        else "",
        f'<div class="{pen.ink_class(ink)}" style="padding-top:4px;{_type(pen, 15)};color:{ink.day}">{text}</div>'
        if text
        else "",
        f'<div style="padding-top:6px;{_type(pen, 15)}"><a class="{pen.ink_class(link)}" href="{href}" '
        f'style="color:{link.day};font-weight:600">{label}</a></div>'
        if label
        else "",
    ]
    return _pictured(pen, image=image, alt=alt, href=href, words="".join(parts), look=look, width=width)


def _pictured(
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


def _coupon(block: kinds.Coupon, pen: Pen, ground: Shade, width: int) -> str:
    box = pen.ground(block.background_color, "page")
    heading, ink, muted = (pen.ink(None, role, box) for role in ("heading", "text", "muted"))
    edge, sheet = pen.fill(None, "accent", box)[0], pen.ground(None)
    code_ink = pen.ink(None, "heading", sheet)
    until = ""
    if block.expires_on:
        day = day_in(pen.settings.language, block.expires_on, "long")
        until = _line(pen, muted, 13, f"{pen.words(block.expires_label)} {day}", top=12)
    action = ""
    if block.label:
        made = kinds.Button(label=block.label, href=block.href, size="small")
        action = f'<div style="padding-top:16px">{button(made, pen, box)}</div>'.replace(
            "<table ", '<table align="center" ', 1
        )
    return _cell(
        block,
        pen,
        ground,
        f'<table role="presentation" width="100%" border="0" cellpadding="0" cellspacing="0" '
        f'style="border-collapse:separate"><tr><td class="{pen.ground_class(box)} {pen.line_class(edge)}" '
        f'align="center" bgcolor="{box.day}" style="padding:24px 20px;background-color:{box.day};'
        f'border:2px dashed {edge.day};border-radius:12px">'
        + (_line(pen, heading, 18, pen.words(block.title), weight=700) if block.title else "")
        + f'<div style="padding-top:12px"><span class="{pen.ground_class(sheet)} {pen.ink_class(code_ink)}" '
        f'style="display:inline-block;padding:10px 20px;border-radius:8px;background-color:{sheet.day};'
        f"font-family:Menlo,Consolas,monospace;font-size:24px;line-height:1.2;letter-spacing:2px;font-weight:700;"
        f'color:{code_ink.day}">{pen.words(block.code)}</span></div>'
        + (_line(pen, ink, 15, pen.lines(block.text), top=12) if block.text else "")
        + until
        + action
        + "</td></tr></table>",
    )


def _date(block: kinds.Date, pen: Pen, ground: Shade, width: int) -> str:
    if block.on is None:
        return _missing(block, pen, ground, "Choose a day")
    language = pen.settings.language
    fill, on_fill = pen.fill(None, "accent", ground)
    leaf = pen.ground(None, "page")
    number, heading = pen.ink(None, "heading", leaf), pen.ink(None, "heading", ground)
    ink, line = pen.ink(None, "text", ground), pen.ink_of_line(ground)
    when = ", ".join(part for part in (day_in(language, block.on, "full"), pen.words(block.time)) if part)
    words = [
        _line(pen, heading, 18, pen.words(block.title), weight=700) if block.title else "",
        _line(pen, ink, 15, when, top=2),
        _line(pen, ink, 15, pen.words(block.place)) if block.place else "",
    ]
    if block.label:
        made = kinds.Button(label=block.label, href=block.href, size="small")
        words.append(f'<div style="padding-top:12px">{button(made, pen, ground)}</div>')
    return _cell(
        block,
        pen,
        ground,
        '<table role="presentation" width="100%" border="0" cellpadding="0" cellspacing="0"><tr>'
        '<td valign="top" width="72" style="width:72px">'
        '<table role="presentation" width="72" border="0" cellpadding="0" cellspacing="0" '
        'style="width:72px;border-collapse:separate"><tr>'
        f'<td class="{pen.ground_class(fill)} {pen.ink_class(on_fill)}" align="center" bgcolor="{fill.day}" '
        f'style="padding:5px 0;background-color:{fill.day};border-radius:10px 10px 0 0;{_type(pen, 12, line_height=1.3)};'
        f'font-weight:700;letter-spacing:1px;text-transform:uppercase;color:{on_fill.day}">'
        f"{day_in(language, block.on, 'MMM').rstrip('.')}</td></tr><tr>"
        f'<td class="{pen.ground_class(leaf)} {pen.ink_class(number)} {pen.line_class(line)}" align="center" '
        f'bgcolor="{leaf.day}" style="padding:8px 0 10px;background-color:{leaf.day};border-radius:0 0 10px 10px;'
        f'{_type(pen, 28, line_height=1.2)};font-weight:700;color:{number.day}">{block.on.day}</td></tr></table></td>'
        f'<td width="20" style="width:20px;font-size:0">&nbsp;</td><td valign="top">{"".join(words)}</td></tr></table>',
    )


def _product(block: kinds.Product, pen: Pen, ground: Shade, width: int) -> str:
    heading, ink, muted = (pen.ink(None, role, ground) for role in ("heading", "text", "muted"))
    price = pen.words(block.price)
    if block.old_price:
        price += (
            f'&ensp;<s class="{pen.ink_class(muted)}" style="font-weight:400;color:{muted.day}">'
            f"{pen.words(block.old_price)}</s>"
        )
    words = [
        _line(pen, heading, 19, pen.words(block.name), weight=700) if block.name else "",
        _line(pen, ink, 15, pen.lines(block.text), top=4) if block.text else "",
        _line(pen, heading, 17, price, top=8, weight=700) if price else "",
    ]
    if block.label:
        made = kinds.Button(label=block.label, href=block.href, size="small")
        words.append(f'<div style="padding-top:14px">{button(made, pen, ground)}</div>')
    return _cell(
        block,
        pen,
        ground,
        _pictured(
            pen,
            image=pen.words(block.image),
            alt=pen.words(block.alt),
            href=pen.words(block.href),
            words="".join(words),
            look=block.look,
            width=width,
            share=200,
        ),
    )


def _logo(block: kinds.Logo, pen: Pen, ground: Shade, width: int) -> str:
    src = block.src or pen.brand.logo_src
    href = block.href or pen.brand.logo_href
    if src:
        alt = pen.words(block.alt or pen.brand.logo_alt) or pen.tag("{{ workspace.name }}")
        link = f'href="{pen.words(href)}"' if href else ""
        return (
            f'<mj-image {_frame(block, pen, ground)} src="{pen.words(src)}" alt="{alt}" {link} '
            f'width="{min(block.width, width)}px" align="{block.align}"/>'
        )
    ink = pen.ink(None, pen.settings.heading_color, ground)
    name = pen.words(block.alt) or pen.tag("{{ workspace.name }}")
    if href:
        name = f'<a class="{pen.ink_class(ink)}" href="{pen.words(href)}" style="color:{ink.day};text-decoration:none">{name}</a>'
    style = f"font-family:{pen.heading_font};font-size:18px;line-height:1.3;font-weight:700;color:{ink.day}"
    return _cell(block, pen, ground, name, style=style, align=block.align, classes=pen.ink_class(ink))


def _footer(block: kinds.Footer, pen: Pen, ground: Shade, width: int) -> str:
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
        f'<mj-text {_frame(block, pen, ground, classes)} align="{block.align}" color="{ink.day}" '
        f'font-family="{pen.font}" font-size="{block.size}px" line-height="1.6">'
        + pen.slot(f"{pen.rich(block.html)}<p>{address}</p><p>{written}</p>")
        + "</mj-text>"
    )


def _missing(block: kinds.Block, pen: Pen, ground: Shade, words: str, *, room: int = 28) -> str:
    """Return what the canvas shows where something is to be chosen; a mail has nothing there."""
    if not pen.is_marked:
        return ""
    muted, line = pen.ink(None, "muted", ground), pen.ink_of_line(ground)
    return _cell(
        block,
        pen,
        ground,
        f'<div class="{pen.ink_class(muted)} {pen.line_class(line)}" style="padding:{room}px 16px;'
        f"border:1px dashed {line.day};border-radius:8px;text-align:center;{_type(pen, 14)};"
        f'color:{muted.day}">{words}</div>',
    )


def _cell(
    block: kinds.Block,
    pen: Pen,
    ground: Shade,
    html: str,
    *,
    align: str = "left",
    style: str = "",
    classes: str = "",
) -> str:
    room = block.padding
    background = ""
    if block.background:
        classes += f" {pen.ground_class(ground)}"
        background = f"background-color:{ground.day};"
    return pen.raw(
        f'<tr><td class="{_classes(block, pen, classes)}" align="{align}" '
        f'style="{background}padding:{room.top}px {room.right}px {room.bottom}px {room.left}px;'
        f'word-break:break-word;{style}">{html}</td></tr>'
    )


def _frame(block: kinds.Block, pen: Pen, ground: Shade, classes: str = "") -> str:
    """Return the attributes that every element of MJML in a column takes."""
    room = block.padding
    background = ""
    if block.background:
        classes += f" {pen.ground_class(ground)}"
        background = f'container-background-color="{ground.day}" '
    return (
        f'{background}css-class="{_classes(block, pen, classes)}" '
        f'padding="{room.top}px {room.right}px {room.bottom}px {room.left}px"'
    )


def _classes(block: kinds.Block, pen: Pen, classes: str) -> str:
    hidden = f"no-{block.hide_on}" if block.hide_on and not pen.is_marked else ""
    return " ".join(f"{classes} {hidden} {pen.marks(block.id)}".split())


def _line(pen: Pen, ink: Shade, size: int, html: str, *, top: int = 0, weight: int = 400) -> str:
    return (
        f'<div class="{pen.ink_class(ink)}" style="padding-top:{top}px;{_type(pen, size)};font-weight:{weight};'
        f'color:{ink.day}">{html}</div>'
    )


def _type(pen: Pen, size: int, *, line_height: float = 1.55) -> str:
    return f"font-family:{pen.font};font-size:{size}px;line-height:{line_height}"


_PARTS: Final[dict[str, Callable[[Any, Pen, Shade, int], str]]] = {
    "text": _text,
    "heading": _heading,
    "image": _image,
    "button": _button,
    "divider": _divider,
    "spacer": _spacer,
    "social": _social,
    "video": _video,
    "html": _html,
    "quote": _quote,
    "items": _items,
    "coupon": _coupon,
    "date": _date,
    "product": _product,
    "logo": _logo,
    "content": _content,
    "footer": _footer,
}
