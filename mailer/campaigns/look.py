"""How a campaign looks to one reader: the draft as it is now, or what was sent."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mailer.campaigns.models import Campaign, CampaignVariant
from mailer.campaigns.words import design_of
from mailer.composing.models import Format
from mailer.composing.preview import SAMPLE_READER, fill_in, preview
from mailer.errors import Invalid, NotFound
from mailer.rendering.design import Frozen
from mailer.rendering.freeze import freeze
from mailer.rendering.merge import Rendered


def look(campaign: Campaign, reader: Mapping[str, Any], *, locale: str | None = None) -> Rendered:
    """Return a campaign as a reader gets it; its links lead straight on and count nothing.

    :param reader: merge values of a subscriber
    :param locale: of which language; None for the reader's
    :raises Invalid: with what is wrong in the draft, and where
    :raises NotFound: it is not written in this language
    """
    reads = str(reader.get("locale", ""))
    words = campaign.words_for(reads) if locale is None else campaign.words_in(locale)
    message = words.message
    if message is None:
        design = design_of(words).without_mistakes()
        return preview(design, workspace=campaign.workspace, campaign_name=campaign.name, reader=reader)
    frozen = Frozen(subject=message.subject, html=message.html, text=message.in_words, links=message.links)
    return fill_in(frozen, message.values, reader)


def look_with_numbers(campaign: Campaign, *, locale: str = "") -> Rendered:
    """Return what was sent, as a sample reader gets it; each counted link leads to ``#link-`` and its number.

    :raises NotFound: it was not sent, or is not written in this language
    """
    message = campaign.words_in(locale).message
    if message is None:
        raise NotFound("This campaign was not sent yet.")
    numbers = [f"#link-{number}" for number in range(len(message.links))]
    frozen = Frozen(subject=message.subject, html=message.html, text=message.in_words, links=numbers)
    return fill_in(frozen, message.values, SAMPLE_READER)


def made_text(campaign: Campaign | CampaignVariant) -> str:
    """Return the text part that is made from a draft's words, with its merge tags.

    :raises Invalid: with what is wrong in the draft, and where
    """
    return freeze(replace(design_of(campaign), text=None)).text


def problems_of(campaign: Campaign | CampaignVariant) -> dict[str, str]:
    """Return what keeps a draft from becoming a mail, by the part that it is in; nothing when all is well.

    A design says it at its blocks (``mistakes_in``), where it is written.
    """
    if campaign.format is Format.DESIGN:
        return {}
    try:
        freeze(design_of(campaign))
    except Invalid as error:
        return error.fields or {"body": error.message}
    return {}
