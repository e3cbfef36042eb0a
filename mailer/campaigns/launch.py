"""Sending a campaign: its words are frozen, and delivery takes over."""

from datetime import datetime

from mailer.campaigns.choose_tracking import mode_of, prepared_for_tracking
from mailer.campaigns.click_tags import number_click_tags
from mailer.campaigns.draft import lock
from mailer.campaigns.models import PRIORITY_WEIGHTS, Campaign, CampaignStatus
from mailer.campaigns.narrowing import freeze_narrowing
from mailer.campaigns.preflight import check_ready
from mailer.campaigns.words import design_of
from mailer.composing.preview import shared_values
from mailer.composing.publish_template import count_use
from mailer.db import db
from mailer.delivery import runs
from mailer.delivery.models import Message, MessageKind
from mailer.errors import Conflict
from mailer.lib.addresses import clean_address
from mailer.rendering.design import Frozen
from mailer.rendering.freeze import freeze
from mailer.rendering.locales import with_common_links


def launch(campaign: Campaign, *, now: datetime) -> None:
    """Freeze a campaign and begin to send it.

    :raises Invalid: it is not ready, with what to mend under each field
    :raises Conflict: it was launched before
    """
    campaign = lock(campaign)
    if not campaign.is_editable:
        raise Conflict(f"This campaign is {campaign.status}; it can be sent only once. Duplicate it instead.")
    check_ready(campaign)
    written = [freeze(design_of(words)) for words in campaign.all_words]
    numbered = with_common_links(written)
    number_click_tags(campaign, numbered[0].links)
    own, *others = (prepared_for_tracking(campaign, each) for each in numbered)
    message = campaign.message = freeze_message(campaign, own)
    for variant, frozen in zip(campaign.variants, others, strict=True):
        variant.message = freeze_message(campaign, frozen)
    freeze_narrowing(campaign)
    campaign.launched_at = now
    campaign.pause_reason = ""
    campaign.move_to(CampaignStatus.SENDING)
    if campaign.template is not None:
        count_use(campaign.template, now=now)
    db.session.flush()
    runs.start(
        message,
        campaign_id=campaign.id,
        list_ids=[one.id for one in campaign.lists],
        now=now,
        weight=PRIORITY_WEIGHTS[campaign.priority],
        in_languages={each.locale: each.message for each in campaign.variants if each.message},
    )


def freeze_message(
    campaign: Campaign, frozen: Frozen, *, kind: MessageKind = MessageKind.CAMPAIGN, subject_prefix: str = ""
) -> Message:
    """Return the (added) message that a campaign's content becomes."""
    message = Message(
        workspace_id=campaign.workspace_id,
        kind=kind,
        from_name=campaign.from_name,
        from_email=clean_address(campaign.from_email),
        reply_to=clean_address(campaign.reply_to) if campaign.reply_to else "",
        subject=subject_prefix + frozen.subject,
        html=frozen.html,
        text=frozen.text,
        links=frozen.links,
        trap_link=frozen.trap_link,
        tracking=mode_of(campaign),
        values=shared_values(campaign.name, campaign.workspace),
    )
    db.session.add(message)
    db.session.flush()
    return message
