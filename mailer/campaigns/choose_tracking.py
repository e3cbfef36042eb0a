"""Choosing what one campaign counts, and making its message so."""

import re
from dataclasses import replace
from urllib.parse import urlsplit

from mailer.campaigns.models import Campaign
from mailer.db import db
from mailer.delivery.models import TrackingMode
from mailer.errors import Conflict
from mailer.lib.landing import with_place
from mailer.rendering.design import Frozen
from mailer.rendering.trap import with_trap
from mailer.rendering.untracked import without_tracking
from mailer.rendering.utm import tag_value, tagged
from mailer.tracking.settings import tracking_of


def choose_tracking(campaign: Campaign, mode: TrackingMode | None) -> None:
    """Count otherwise than the workspace does, or as it does (None).

    :raises Conflict: it was launched
    """
    if not campaign.is_editable:
        raise Conflict("This campaign was sent; what it counts stays as it is.")
    campaign.tracking = mode
    db.session.flush()


def mode_of(campaign: Campaign) -> TrackingMode:
    """Return what a campaign counts."""
    return campaign.tracking or tracking_of(campaign.workspace_id).mode


def prepared_for_tracking(campaign: Campaign, frozen: Frozen) -> Frozen:
    """Return a campaign's message with tags in its links, and with what counts or without."""
    chosen = tracking_of(campaign.workspace_id)
    if chosen.is_tagging:
        tags = {
            "utm_source": chosen.utm_source,
            "utm_medium": chosen.utm_medium,
            "utm_campaign": tag_value(campaign.name),
        }
        frozen = _with_links(frozen, [tagged(url, tags) for url in frozen.links])
    mode = mode_of(campaign)
    if mode is TrackingMode.FULL and chosen.shops:
        # In the links alone: nobody's token is put into what the text part spells out.
        frozen = replace(frozen, links=[_for_shop(url, chosen.shops) for url in frozen.links])
    return without_tracking(frozen) if mode is TrackingMode.NONE else with_trap(frozen)


def _for_shop(url: str, shops: frozenset[str]) -> str:
    return tagged(url, with_place()) if urlsplit(url).hostname in shops else url


def _with_links(frozen: Frozen, links: list[str]) -> Frozen:
    """Return a message whose links lead elsewhere, in its text part too."""
    text = frozen.text
    for before, after in sorted(zip(frozen.links, links, strict=True), key=lambda pair: -len(pair[0])):
        # Only whole addresses: one may be the beginning of another.
        whole = rf"{re.escape(before)}(?![\w/?#&=%.-]*[\w/?#&=%])"
        text = re.sub(whole, after.replace("\\", r"\\"), text)
    return replace(frozen, links=links, text=text)
