"""For whom a draft is written: merge tags to put in, and what is missing for some readers."""

from dataclasses import asdict

from flask import g, jsonify, render_template
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.campaigns.models import Campaign, CampaignVariant
from mailer.campaigns.readers import through_readers
from mailer.campaigns.views.frame import bp, campaign_of, chosen_locale
from mailer.composing.merge_tags import tag_groups
from mailer.errors import Invalid
from mailer.rendering.spelling import Finding, unknown_fields
from mailer.web.guards import requires


@bp.get("/merge-tags")
def merge_tags() -> ResponseReturnValue:
    """Answer with the tags that a mail of this workspace can have: for pickers and completion."""
    return jsonify(groups=[asdict(group) for group in tag_groups(fields_of(g.workspace.id))])


@bp.get("/campaigns/<campaign_id>/sample")
@requires(Role.EDITOR)
def sample(campaign_id: str) -> ResponseReturnValue:
    """Show what is missing when a draft is filled in for fifty readers."""
    campaign = campaign_of(campaign_id)
    try:
        found = through_readers(campaign, locale=chosen_locale())
    except Invalid as error:
        return render_template("campaigns/sample.html", campaign=campaign, problem=error.message)
    return render_template(
        "campaigns/sample.html",
        campaign=campaign,
        found=found,
        misspelt=misspelt_tags(campaign.words_in(chosen_locale())),
    )


def misspelt_tags(words: Campaign | CampaignVariant) -> dict[str, list[Finding]]:
    """Return the tags of a draft whose field nobody has, by the part that they stand in."""
    keys = [field.key for field in fields_of(g.workspace.id)]
    found = {
        part: unknown_fields(getattr(words, part) or "", keys)
        for part in ("subject", "preheader", "body", "text")
    }
    return {part: findings for part, findings in found.items() if findings}
