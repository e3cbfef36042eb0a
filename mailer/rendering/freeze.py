"""From a design to a frozen message: everything that is the same for all its readers, done once."""

import re
from collections.abc import Hashable
from threading import Lock
from typing import Final

from cachetools import LRUCache, cached

from mailer.errors import Invalid
from mailer.rendering import document, mjml, plain_text
from mailer.rendering.blocks.check import check_document
from mailer.rendering.blocks.page import to_html, with_footer, without_footer
from mailer.rendering.blocks.words import to_text
from mailer.rendering.design import Design, Frozen
from mailer.rendering.language import VOCABULARY, BadTag, check, names_in
from mailer.rendering.markdown import split_front_matter
from mailer.rendering.markdown import to_html as markdown_to_html
from mailer.rendering.program import compiled
from mailer.rendering.shield import Shield

__all__ = ["CONTENT", "PLAIN_LAYOUT", "SLOT", "Design", "Frozen", "check_layout", "freeze"]

#: The slot of a layout.
CONTENT: Final = "content"
SLOT: Final = f"{{{{ {CONTENT} }}}}"
_SLOT: Final = re.compile(r"\{\{-?\s*content\s*-?\}\}")
_WHOLE_DOCUMENT: Final = re.compile(
    r"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype|html)\b", re.IGNORECASE | re.DOTALL
)

PLAIN_LAYOUT: Final = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
</head>
<body style="margin:0;padding:24px;font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.6">
<div style="max-width:600px;margin:0 auto">
{{ content }}
</div>
</body>
</html>
"""

#: For designs without a way to unsubscribe: the law asks for one, and so do Gmail and Yahoo.
_FOOTER: Final = """<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>\
<td align="center" style="padding:32px 16px 24px;font-family:Arial,Helvetica,sans-serif;font-size:12px;\
line-height:1.6;color:#6b7280">{{ workspace.name }}{% if workspace.postal_address %} · \
{{ workspace.postal_address }}{% endif %}<br>\
<a href="{{ unsubscribe_url }}" style="color:#6b7280">Unsubscribe</a> · \
<a href="{{ preferences_url }}" style="color:#6b7280">Preferences</a> · \
<a href="{{ view_url }}" style="color:#6b7280">View in browser</a></td></tr></table>"""

_TEXT_FOOTER: Final = """
--\u0020
{{ workspace.name }}{% if workspace.postal_address %} · {{ workspace.postal_address }}{% endif %}
Unsubscribe: {{ unsubscribe_url }}
Preferences: {{ preferences_url }}
"""


#: A page shows a design, its text part and its findings, and asks for them again at every look.
_MOST_KNOWN: Final = 64


def _key(design: Design, *, is_identified: bool = False, has_footer: bool = True) -> Hashable:
    document = design.document.model_dump_json() if design.document is not None else None
    parts = (design.subject, design.preheader, design.body, design.format, design.text, design.layout)
    return parts, document, design.brand, design.language, is_identified, has_footer


@cached(LRUCache(_MOST_KNOWN), key=_key, lock=Lock())
def freeze(design: Design, *, is_identified: bool = False, has_footer: bool = True) -> Frozen:
    """Turn a design into a message that only has to be filled in.

    It depends on nothing but what is given, and is remembered for a while: inlining CSS takes
    most of a preview's time.

    :param has_footer: whether a way to unsubscribe is added where the design has none; a message that
        somebody asked for needs none
    :param is_identified: whether what a block becomes says which (``data-block``), for those who look
        at a mail before it is sent
    :raises Invalid: with what is wrong under the part that it is in: ``subject``, ``preheader``,
        ``body``, ``text`` or ``template``
    """
    for part in ("subject", "preheader", "body", "text"):
        _check(part, getattr(design, part) or "")
    shield, covered, made_text = _covered(design, is_identified=is_identified, has_footer=has_footer)
    root = document.parse(covered)
    if design.language and not root.get("lang"):
        root.set("lang", design.language)
    document.inline_css(root)
    if design.text is not None:
        text = plain_text.tidy(design.text)
    else:
        text = plain_text.from_document(root, shield) if made_text is None else made_text
    if has_footer and "unsubscribe_url" not in names_in(text):
        text += _TEXT_FOOTER
    is_footer_added = has_footer and not document.mentions(root, "unsubscribe_url", shield)
    if is_footer_added:
        document.append(root, shield.cover(_FOOTER))
    is_footer_added |= has_footer and design.document is not None and not design.document.has_footer
    if design.preheader:
        document.add_preheader(root, shield.cover(design.preheader))
    numbered, uncounted = document.number_links(root, shield)
    document.add_pixel(root, shield)
    html = document.serialize(root)
    _check_order(covered, html, shield)
    html = shield.uncover(html)
    # Whatever is frozen can be filled in: that is found out now, not at the first recipient.
    compiled(design.subject, html, text)
    return Frozen(
        subject=design.subject,
        html=html,
        text=text,
        links=numbered,
        uncounted=uncounted,
        is_footer_added=is_footer_added,
    )


def check_layout(html: str) -> None:
    """Refuse a layout that cannot hold a campaign.

    :raises Invalid: with what is missing or wrong
    """
    _check("template", html, names=VOCABULARY | {CONTENT})
    slots = len(_SLOT.findall(html))
    if slots != 1:
        sentence = "Write {{ content }} exactly once, where the campaign’s words go"
        raise Invalid(f"{sentence}; it is there {slots} times.", fields={"template": f"{sentence}."})
    # Everything else that can go wrong, goes wrong here rather than in a campaign.
    freeze(Design(subject="", preheader="", body="", format="html", layout=html))


def _covered(design: Design, *, is_identified: bool, has_footer: bool) -> tuple[Shield, str, str | None]:
    """Return a design as HTML whose tags are covered, and its text part where that is not made from HTML."""
    if design.document is not None:
        whole = with_footer(design.document) if has_footer else without_footer(design.document)
        check_document(whole)
        shield = Shield(whole.model_dump_json(), design.subject, design.preheader, _FOOTER)
        html = to_html(whole, design.brand, shield, title=design.subject, is_identified=is_identified)
        return shield, html, to_text(whole)

    layout = _layout_of(design)
    body = split_front_matter(design.body)[1] if design.format == "markdown" else design.body
    shield = Shield(design.subject, design.preheader, body, design.text or "", layout, _FOOTER, _TEXT_FOOTER)
    covered = shield.cover(body)
    if design.format == "markdown":
        covered = markdown_to_html(covered, shield)
    elif design.format == "mjml":
        covered = mjml.to_html(covered, shield)
    before, _, after = _SLOT.sub("\x00", layout, count=1).partition("\x00")
    return shield, shield.cover(before) + covered + shield.cover(after), None


def _layout_of(design: Design) -> str:
    if design.format == "mjml" or (design.format == "html" and _WHOLE_DOCUMENT.match(design.body)):
        return "{{ content }}"
    if not design.layout:
        return PLAIN_LAYOUT
    _check("template", design.layout, names=VOCABULARY | {CONTENT})
    if not _SLOT.search(design.layout):
        raise Invalid("The template has no {{ content }} where the campaign’s words go.")
    return design.layout


def _check(part: str, source: str, *, names: frozenset[str] = VOCABULARY) -> None:
    try:
        check(source, names=names)
    except BadTag as error:
        raise Invalid(f"{part.capitalize()}: {error.message}", fields={part: error.message}) from None


def _check_order(covered: str, html: str, shield: Shield) -> None:
    """Refuse a document in which HTML's own rules moved an ``if`` away from what it is about."""

    def statements(text: str) -> list[str]:
        return [tag.text for tag in shield.tags_in(text) if tag.is_statement]

    wanted = statements(covered)
    # Ours stand at the end (footer, pixel) and the preheader's at the beginning.
    found = statements(html)
    if wanted and not _is_inside(wanted, found):
        raise Invalid(
            f"The tag {wanted[0]} or its end stands where HTML allows no words, such as before <body>; "
            "move it into an element."
        )


def _is_inside(wanted: list[str], found: list[str]) -> bool:
    return any(found[start : start + len(wanted)] == wanted for start in range(len(found) - len(wanted) + 1))
