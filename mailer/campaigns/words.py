"""What a campaign's author wrote in one language, as rendering and mends take it."""

from mailer.campaigns.models import Campaign, CampaignVariant
from mailer.composing.layout import layout_of
from mailer.composing.models import Format
from mailer.composing.queries import brand_of
from mailer.rendering.blocks.read import read
from mailer.rendering.checks.mends import Source
from mailer.rendering.design import Design

#: Blocks that say nothing themselves.
_NO_WORDS = frozenset({"footer", "spacer", "divider", "logo", "content"})


def design_of(words: Campaign | CampaignVariant) -> Design:
    """Return what was written, as rendering takes it."""
    brand = brand_of(words.workspace)
    is_design = words.format is Format.DESIGN
    has_layout = words.format in (Format.MARKDOWN, Format.HTML)
    published = words.template.published if words.template and has_layout else None
    return Design(
        subject=words.subject,
        preheader=words.preheader,
        body="" if is_design else words.body,
        format=words.format,
        text=words.text,
        layout=layout_of(published, brand) if published else None,
        document=read(words.design or {}) if is_design else None,
        brand=brand,
        language=words.locale if isinstance(words, CampaignVariant) else words.workspace.locale,
    )


def source_of(words: Campaign | CampaignVariant) -> Source:
    """Return what was written, as mends change it."""
    return Source(
        subject=words.subject,
        preheader=words.preheader,
        body=words.body,
        text=words.text,
        format=words.format,
        design=words.design if words.format is Format.DESIGN else None,
    )


def is_empty(words: Campaign | CampaignVariant) -> bool:
    """Whether there is nothing to read in it yet."""
    if words.format is not Format.DESIGN:
        return not words.body.strip()
    return all(block.type in _NO_WORDS for block in read(words.design or {}).blocks())
