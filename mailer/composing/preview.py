"""How a design looks to somebody, before it is sent to anybody."""

from collections.abc import Mapping
from typing import Any, Final

from mailer.accounts.models import Workspace
from mailer.composing.layout import layout_of
from mailer.composing.models import Template, TemplateVersion
from mailer.lib.colors import text_on
from mailer.rendering.brand import Brand
from mailer.rendering.design import Design, Frozen
from mailer.rendering.freeze import freeze
from mailer.rendering.merge import Rendered, Renderer
from mailer.rendering.samples import SAMPLE_READER

#: What the preview of a template holds in the place of a campaign's words.
SAMPLE_WORDS: Final = """# A headline goes here

Hello {{ subscriber.name | default('there') }},

this is how your words will look: a paragraph with a [link](https://example.com), something
**important**, and a list:

- fresh bread on Sunday
- a new recipe every week

> A quotation stands out a little.

[A button](https://example.com "button")
"""

__all__ = ["SAMPLE_READER", "SAMPLE_WORDS", "fill_in", "preview", "preview_of", "shared_values"]


def preview(
    design: Design, *, workspace: Workspace, campaign_name: str, reader: Mapping[str, Any]
) -> Rendered:
    """Return a design as one reader would get it; its links lead straight on and count nothing.

    :raises Invalid: with what is wrong and where
    """
    return fill_in(freeze(design), shared_values(campaign_name, workspace), reader)


def preview_of(source: Template | TemplateVersion, *, workspace: Workspace, brand: Brand) -> Rendered:
    """Return a template as a sample reader would get it: a design as it is, a layout around sample words.

    :raises Invalid: with what is wrong and where
    """
    document = source.document
    if document is not None:
        design = Design("", "", "", format="design", document=document, brand=brand)
    else:
        layout = layout_of(source, brand)
        design = Design("", "", SAMPLE_WORDS, format="markdown", layout=layout, brand=brand)
    return preview(design, workspace=workspace, campaign_name="A campaign", reader=SAMPLE_READER)


def fill_in(frozen: Frozen, shared: Mapping[str, Any], reader: Mapping[str, Any]) -> Rendered:
    """Return a frozen message as one reader would get it."""
    values = {
        **shared,
        "subscriber": dict(reader),
        "unsubscribe_url": "#unsubscribe",
        "preferences_url": "#preferences",
        "view_url": "#view",
    }
    return Renderer(frozen).render(values)


def shared_values(campaign_name: str, workspace: Workspace) -> dict[str, Any]:
    """Return the merge values that are the same for everybody."""
    return {
        "campaign": {"name": campaign_name},
        "workspace": {
            "name": workspace.name,
            "postal_address": workspace.postal_address,
            "accent_color": workspace.accent_color,
            "on_accent_color": text_on(workspace.accent_color),
        },
    }
