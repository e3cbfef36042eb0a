"""Rich text, cleaned: what the composer's text editor writes, and nothing else.

Merge tags are covered first: a cleaner would take the ``<`` of ``{% if a < b %}`` for
an element and refuse ``href="{{ view_url }}"`` for its spaces.
"""

from typing import Final

import nh3

from mailer.rendering.attributes import check_attributes
from mailer.rendering.language import BadTag
from mailer.rendering.shield import Shield

_INLINE: Final = {
    "a",
    "b",
    "br",
    "code",
    "del",
    "em",
    "i",
    "mark",
    "s",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "u",
}
_BLOCK: Final = {"p", "h1", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "hr", "pre"}
_ATTRIBUTES: Final = {"a": {"href", "title"}, "ol": {"start"}, "*": {"style"}}
_STYLES: Final = {"color", "background-color", "font-weight", "font-style", "text-align", "text-decoration"}
_SCHEMES: Final = {"http", "https", "mailto", "tel", "sms"}

_CLEANER: Final = nh3.Cleaner(
    tags=_INLINE | _BLOCK,
    clean_content_tags={"script", "style"},
    attributes=_ATTRIBUTES,
    filter_style_properties=_STYLES,
    url_schemes=_SCHEMES,
    link_rel=None,
)


def clean(html: str) -> str:
    """Return rich text without what no mail needs; cleaning twice changes nothing.

    :raises Invalid: an element has far too many attributes
    """
    html = html.replace("\x00", "")
    check_attributes(html)
    shield = Shield(html)
    try:
        covered = shield.cover(html)
    except BadTag:
        # A tag half written. It is kept for its author, who is told when the mail is rendered.
        return str(_CLEANER.clean(html))
    return shield.uncover(_CLEANER.clean(covered))
