"""Asking others about a draft: links to its preview, and what they said."""

from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.campaigns import share_preview as sharing
from mailer.campaigns.models import Campaign, CampaignComment, PreviewLink
from mailer.campaigns.views.frame import bp, campaign_of, chosen_locale
from mailer.db import db
from mailer.errors import Conflict, Invalid
from mailer.lib.clock import utcnow
from mailer.lib.ids import parse_id
from mailer.web.guards import requires


@bp.post("/campaigns/<campaign_id>/preview-links")
@requires(Role.EDITOR)
def share(campaign_id: str) -> ResponseReturnValue:
    """Make a link to the preview."""
    campaign = campaign_of(campaign_id)
    try:
        days = int(request.form.get("days", ""))
    except ValueError:
        raise Invalid("Choose how long the link works.") from None
    sharing.share_preview(campaign, days=days, now=utcnow(), by=current_user.id)
    db.session.commit()
    return _opinions(campaign)


@bp.post("/campaigns/<campaign_id>/preview-links/<link_id>/end")
@requires(Role.EDITOR)
def end_link(campaign_id: str, link_id: str) -> ResponseReturnValue:
    """Let a link work no more."""
    campaign = campaign_of(campaign_id)
    sharing.end_link(sharing.link_by_id(campaign, parse_id(PreviewLink.prefix, link_id)), now=utcnow())
    db.session.commit()
    return _opinions(campaign)


@bp.post("/campaigns/<campaign_id>/comments")
@requires(Role.EDITOR)
def comment(campaign_id: str) -> ResponseReturnValue:
    """Say something about it."""
    campaign = campaign_of(campaign_id)
    problem = ""
    try:
        sharing.comment_on(
            campaign,
            request.form.get("text", ""),
            author=current_user.name or current_user.email.partition("@")[0],
            locale=chosen_locale(),
            user=current_user,
        )
        db.session.commit()
    except (Invalid, Conflict) as error:
        db.session.rollback()
        problem = error.message
    return _opinions(campaign_of(campaign_id), problem=problem)


@bp.post("/campaigns/<campaign_id>/comments/<comment_id>/done")
@requires(Role.EDITOR)
def comment_done(campaign_id: str, comment_id: str) -> ResponseReturnValue:
    """Mark a comment as attended to, or as open again."""
    campaign = campaign_of(campaign_id)
    found = _comment(campaign, comment_id)
    found.done_at = None if found.done_at else utcnow()
    db.session.commit()
    return _opinions(campaign)


@bp.post("/campaigns/<campaign_id>/comments/<comment_id>/delete")
@requires(Role.EDITOR)
def delete_comment(campaign_id: str, comment_id: str) -> ResponseReturnValue:
    """Delete a comment: anybody with the link can write one."""
    campaign = campaign_of(campaign_id)
    db.session.delete(_comment(campaign, comment_id))
    db.session.commit()
    return _opinions(campaign)


@bp.app_template_global()
def opinions_of(campaign: Campaign) -> dict[str, Any]:
    """Return what others said about a campaign, and the links by which they can."""
    return {
        "comments": sharing.comments_on(campaign),
        "links": [(link, sharing.address_of(link)) for link in sharing.working_links(campaign, now=utcnow())],
        "lengths": sharing.LENGTHS,
    }


def _comment(campaign: Campaign, comment_id: str) -> CampaignComment:
    return sharing.comment_by_id(campaign, parse_id(CampaignComment.prefix, comment_id))


def _opinions(campaign: Campaign, *, problem: str = "") -> ResponseReturnValue:
    """Answer with the part of the page about it, or with the page."""
    if request.headers.get("HX-Request"):
        return render_template("campaigns/opinions.html", campaign=campaign, problem=problem)
    if problem:
        raise Invalid(problem)
    back = ".edit" if campaign.is_editable and g.membership.may(Role.EDITOR) else ".show"
    return redirect(url_for(back, campaign_id=campaign.public_id))
