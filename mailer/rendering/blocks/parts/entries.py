"""Blocks that tell of something to have: entries of a list, coupons, days, products."""

from typing import Any, Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from mailer.rendering.blocks import kinds
from mailer.rendering.blocks.parts.buttons import button_table
from mailer.rendering.blocks.parts.frame import cell, font, line_of, missing
from mailer.rendering.blocks.parts.pictures import pictured
from mailer.rendering.blocks.pen import Pen, Shade

#: Between the entries of a list.
_GAP: Final = '<div style="height:20px;line-height:20px;font-size:1px">&nbsp;</div>'


def items(block: kinds.Items, pen: Pen, ground: Shade, width: int) -> str:
    """Return entries that were written down, or one that is repeated for each of a source."""
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
    return (
        cell(block, pen, ground, _GAP.join(written))
        if written
        else missing(block, pen, ground, "Add entries")
    )


def repeated(block: kinds.Items) -> tuple[str, str]:
    """Return the tags around what is written for each entry of a source."""
    head = f"{{% for item in {block.source} %}}{{% if loop.index <= {block.most} %}}"
    return head, "{% endif %}{% endfor %}"


def coupon(block: kinds.Coupon, pen: Pen, ground: Shade, width: int) -> str:
    """Return a code in a box to cut out."""
    box = pen.ground(block.background_color, "page")
    heading, ink, muted = (pen.ink(None, role, box) for role in ("heading", "text", "muted"))
    edge, sheet = pen.fill(None, "accent", box)[0], pen.ground(None)
    code_ink = pen.ink(None, "heading", sheet)
    until = ""
    if block.expires_on:
        day = day_in(pen.settings.language, block.expires_on, "long")
        until = line_of(pen, muted, 13, f"{pen.words(block.expires_label)} {day}", top=12)
    action = ""
    if block.label:
        action = f'<div style="padding-top:16px">{_small_button(block, pen, box)}</div>'.replace(
            "<table ", '<table align="center" ', 1
        )
    return cell(
        block,
        pen,
        ground,
        f'<table role="presentation" width="100%" border="0" cellpadding="0" cellspacing="0" '
        f'style="border-collapse:separate"><tr><td class="{pen.ground_class(box)} {pen.line_class(edge)}" '
        f'align="center" bgcolor="{box.day}" style="padding:24px 20px;background-color:{box.day};'
        f'border:2px dashed {edge.day};border-radius:12px">'
        + (line_of(pen, heading, 18, pen.words(block.title), weight=700) if block.title else "")
        + f'<div style="padding-top:12px"><span class="{pen.ground_class(sheet)} {pen.ink_class(code_ink)}" '
        f'style="display:inline-block;padding:10px 20px;border-radius:8px;background-color:{sheet.day};'
        f"font-family:Menlo,Consolas,monospace;font-size:24px;line-height:1.2;letter-spacing:2px;font-weight:700;"
        f'color:{code_ink.day}">{pen.words(block.code)}</span></div>'
        + (line_of(pen, ink, 15, pen.lines(block.text), top=12) if block.text else "")
        + until
        + action
        + "</td></tr></table>",
    )


def date(block: kinds.Date, pen: Pen, ground: Shade, width: int) -> str:
    """Return a leaf of a calendar, and what is on that day."""
    if block.on is None:
        return missing(block, pen, ground, "Choose a day")
    language = pen.settings.language
    fill, on_fill = pen.fill(None, "accent", ground)
    leaf = pen.ground(None, "page")
    number, heading = pen.ink(None, "heading", leaf), pen.ink(None, "heading", ground)
    ink, line = pen.ink(None, "text", ground), pen.ink_of_line(ground)
    when = ", ".join(part for part in (day_in(language, block.on, "full"), pen.words(block.time)) if part)
    words = [
        line_of(pen, heading, 18, pen.words(block.title), weight=700) if block.title else "",
        line_of(pen, ink, 15, when, top=2),
        line_of(pen, ink, 15, pen.words(block.place)) if block.place else "",
    ]
    if block.label:
        words.append(f'<div style="padding-top:12px">{_small_button(block, pen, ground)}</div>')
    return cell(
        block,
        pen,
        ground,
        '<table role="presentation" width="100%" border="0" cellpadding="0" cellspacing="0"><tr>'
        '<td valign="top" width="72" style="width:72px">'
        '<table role="presentation" width="72" border="0" cellpadding="0" cellspacing="0" '
        'style="width:72px;border-collapse:separate"><tr>'
        f'<td class="{pen.ground_class(fill)} {pen.ink_class(on_fill)}" align="center" bgcolor="{fill.day}" '
        f'style="padding:5px 0;background-color:{fill.day};border-radius:10px 10px 0 0;{font(pen, 12, line_height=1.3)};'
        f'font-weight:700;letter-spacing:1px;text-transform:uppercase;color:{on_fill.day}">'
        f"{day_in(language, block.on, 'MMM').rstrip('.')}</td></tr><tr>"
        f'<td class="{pen.ground_class(leaf)} {pen.ink_class(number)} {pen.line_class(line)}" align="center" '
        f'bgcolor="{leaf.day}" style="padding:8px 0 10px;background-color:{leaf.day};border-radius:0 0 10px 10px;'
        f'{font(pen, 28, line_height=1.2)};font-weight:700;color:{number.day}">{block.on.day}</td></tr></table></td>'
        f'<td width="20" style="width:20px;font-size:0">&nbsp;</td><td valign="top">{"".join(words)}</td></tr></table>',
    )


def product(block: kinds.Product, pen: Pen, ground: Shade, width: int) -> str:
    """Return a product with its price."""
    heading, ink, muted = (pen.ink(None, role, ground) for role in ("heading", "text", "muted"))
    price = pen.words(block.price)
    if block.old_price:
        price += (
            f'&ensp;<s class="{pen.ink_class(muted)}" style="font-weight:400;color:{muted.day}">'
            f"{pen.words(block.old_price)}</s>"
        )
    words = [
        line_of(pen, heading, 19, pen.words(block.name), weight=700) if block.name else "",
        line_of(pen, ink, 15, pen.lines(block.text), top=4) if block.text else "",
        line_of(pen, heading, 17, price, top=8, weight=700) if price else "",
    ]
    if block.label:
        words.append(f'<div style="padding-top:14px">{_small_button(block, pen, ground)}</div>')
    return cell(
        block,
        pen,
        ground,
        pictured(
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


def day_in(language: str, day: Any, pattern: str) -> str:
    """Return a day in the words of a language; English when it is not known."""
    try:
        locale = Locale.parse(language.replace("-", "_") or "en")
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse("en")
    return str(format_date(day, pattern, locale=locale))


def _repeated(block: kinds.Items, pen: Pen, ground: Shade, width: int) -> str:
    def say(name: str) -> str:
        return pen.tag(f"{{{{ item.{name} }}}}")

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
    head, end = (pen.tag(tag) for tag in repeated(block))
    return f"{head}{entry}{_GAP}{end}"


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
        f'<div class="{pen.ink_class(ink)}" style="padding-top:4px;{font(pen, 15)};color:{ink.day}">{text}</div>'
        if text
        else "",
        f'<div style="padding-top:6px;{font(pen, 15)}"><a class="{pen.ink_class(link)}" href="{href}" '
        f'style="color:{link.day};font-weight:600">{label}</a></div>'
        if label
        else "",
    ]
    return pictured(pen, image=image, alt=alt, href=href, words="".join(parts), look=look, width=width)


def _small_button(block: kinds.Coupon | kinds.Date | kinds.Product, pen: Pen, ground: Shade) -> str:
    made = kinds.Button(label=block.label, href=block.href, size="small")
    return button_table(made, pen, ground)
