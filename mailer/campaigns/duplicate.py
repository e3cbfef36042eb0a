"""Beginning a campaign from another."""

from uuid import UUID

from mailer.campaigns.draft import Draft, create_draft
from mailer.campaigns.models import Campaign
from mailer.campaigns.variants import copy_variant


def duplicate(campaign: Campaign, *, by: UUID | None = None) -> Campaign:
    """Return a new draft with everything that was written for a campaign."""
    name = f"{campaign.name[:190]} (copy)"
    made = create_draft(
        campaign.workspace_id,
        Draft(
            name=name,
            subject=campaign.subject,
            preheader=campaign.preheader,
            from_name=campaign.from_name,
            from_email=campaign.from_email,
            reply_to=campaign.reply_to,
            format=campaign.format,
            body=campaign.body,
            design=campaign.design,
            text=campaign.text,
            template=campaign.template,
            lists=[one for one in campaign.lists if one.archived_at is None],
        ),
        by=by,
    )
    for variant in campaign.variants:
        copy_variant(variant, made)
    return made
