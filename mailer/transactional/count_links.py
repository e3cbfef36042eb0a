"""Letting a message that a program wrote count its opens and clicks."""

from mailer.rendering import document
from mailer.rendering.design import Frozen
from mailer.rendering.merge import Rendered
from mailer.rendering.shield import Shield


def count_links(rendered: Rendered) -> Frozen:
    """Return a message whose links and pixel are addressed for each reader; its words stay as they are.

    It is in the merge language then; where its words have braces of their own, those are
    no merge tags, and uncovering makes each a tag that says a brace.

    :raises Invalid: the HTML cannot be read, or a link would run something
    """
    shield = Shield(rendered.subject, rendered.html, rendered.text)
    subject, text = shield.uncover(rendered.subject), shield.uncover(rendered.text)
    if not rendered.html:
        return Frozen(subject, "", text, [])
    root = document.parse(rendered.html)
    links, _ = document.number_links(root, shield)
    document.add_pixel(root, shield)
    return Frozen(subject, shield.uncover(document.serialize(root)), text, links)
