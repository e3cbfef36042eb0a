"""Beginning a campaign from another."""

from dataclasses import replace
from uuid import UUID

from mailer.campaigns.click_tags import click_tags, set_click_tags
from mailer.campaigns.draft import create_draft, draft_of
from mailer.campaigns.models import Campaign
from mailer.campaigns.narrowing import chosen_ids, narrow
from mailer.campaigns.variants import copy_variant


def duplicate(campaign: Campaign, *, by: UUID | None = None) -> Campaign:
    """Return a new draft with everything that was written for a campaign."""
    written = replace(
        draft_of(campaign),
        name=f"{campaign.name[:190]} (copy)",
        lists=[one for one in campaign.lists if one.archived_at is None],
    )
    made = create_draft(campaign.workspace_id, written, by=by)
    for variant in campaign.variants:
        copy_variant(variant, made)
    narrow(
        made,
        included=chosen_ids(campaign, is_excluded=False),
        excluded=chosen_ids(campaign, is_excluded=True),
    )
    set_click_tags(made, click_tags(campaign))
    return made
