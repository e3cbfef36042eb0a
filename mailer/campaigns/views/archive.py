"""The list of campaigns, and what became of each."""

from datetime import datetime, timedelta
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.audience.queries.fields_and_tags import tags_of
from mailer.campaigns import draft, queries
from mailer.campaigns.breakdown import breakdown, speed_of
from mailer.campaigns.click_tags import choices_of
from mailer.campaigns.compare import SETTLED_AFTER, beside, medians, rates_of
from mailer.campaigns.duplicate import duplicate as duplicate_campaign
from mailer.campaigns.forms import NewCampaignForm
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.campaigns.report import by_hour, deferred_count, report
from mailer.campaigns.views.frame import bp, campaign_of
from mailer.campaigns.worth import worth_of
from mailer.composing.queries import published_templates
from mailer.db import db
from mailer.delivery.queries import wait_of
from mailer.lib.choices import choice_of
from mailer.lib.clock import utcnow
from mailer.lib.lines import clean_search
from mailer.tracking.models import Facet
from mailer.web.answers import flash_with_undo
from mailer.web.guards import requires
from mailer.web.pages import page_of

#: The rate is measured over a window of this length, so that it follows what happens now.
_RATE_WINDOW = timedelta(seconds=20)
_SHOWN_FACETS = (Facet.PROVIDER, Facet.DEVICE, Facet.CLIENT, Facet.COUNTRY, Facet.LOCALE)
_UNDER_WAY = (CampaignStatus.SENDING, CampaignStatus.PAUSED)


@bp.get("/campaigns")
def index() -> ResponseReturnValue:
    """List the campaigns, newest first."""
    search = clean_search(request.args.get("q", ""))
    status = choice_of(CampaignStatus, request.args.get("status", ""), label="The state")
    page = page_of(queries.campaigns_of(g.workspace.id, search=search, status=status), Campaign, size=25)
    return render_template(
        "campaigns/index.html",
        page=page,
        figures=queries.figures_of(page.rows),
        search=search,
        status=status,
        statuses=[("", "Any state"), *((one.value, one.capitalize()) for one in CampaignStatus)],
    )


@bp.get("/campaigns/new")
@requires(Role.EDITOR)
def new() -> ResponseReturnValue:
    """Ask for a name and a design."""
    form = NewCampaignForm()
    form.offer(g.workspace.id)
    return render_template("campaigns/new.html", form=form, templates=published_templates(g.workspace.id))


@bp.post("/campaigns")
@requires(Role.EDITOR)
def create() -> ResponseReturnValue:
    """Begin a campaign, from whom the last one was."""
    form = NewCampaignForm()
    form.offer(g.workspace.id)
    if not form.validate():
        templates = published_templates(g.workspace.id)
        return render_template("campaigns/new.html", form=form, templates=templates), 422
    sender = queries.usual_sender(g.workspace.id)
    campaign = draft.create_draft(
        g.workspace.id,
        draft.Draft(
            name=form.name.data or "",
            from_name=sender.name,
            from_email=sender.email,
            reply_to=sender.reply_to,
            **form.beginning(g.workspace.id),
        ),
        by=current_user.id,
    )
    db.session.commit()
    return redirect(url_for(".edit", campaign_id=campaign.public_id))


@bp.get("/campaigns/<campaign_id>")
def show(campaign_id: str) -> ResponseReturnValue:
    """Show how a campaign goes, or what became of it."""
    campaign = campaign_of(campaign_id)
    if campaign.status is CampaignStatus.DRAFT and g.membership.may(Role.EDITOR):
        return redirect(url_for(".edit", campaign_id=campaign_id))
    return render_template(
        "campaigns/show.html",
        campaign=campaign,
        report=report(campaign),
        hours_points=[(hour.at, hour.opens, hour.clicks) for hour in by_hour(campaign)],
        **_details(campaign),
        **_progress(campaign),
    )


@bp.get("/campaigns/<campaign_id>/progress")
def progress(campaign_id: str) -> ResponseReturnValue:
    """Answer with the part of the page that changes while a campaign is sent."""
    campaign = campaign_of(campaign_id)
    if campaign.status not in _UNDER_WAY:
        return "", {"HX-Refresh": "true"}
    return render_template(
        "campaigns/progress.html", campaign=campaign, report=report(campaign), **_progress(campaign)
    )


@bp.post("/campaigns/<campaign_id>/duplicate")
@requires(Role.EDITOR)
def duplicate(campaign_id: str) -> ResponseReturnValue:
    """Begin a campaign from this one."""
    made = duplicate_campaign(campaign_of(campaign_id), by=current_user.id)
    db.session.commit()
    flash("This is the copy; the original stays as it is.", "success")
    return redirect(url_for(".edit", campaign_id=made.public_id))


@bp.post("/campaigns/<campaign_id>/delete")
@requires(Role.EDITOR)
def delete(campaign_id: str) -> ResponseReturnValue:
    """Throw a draft away."""
    campaign = campaign_of(campaign_id)
    draft.delete_draft(campaign, now=utcnow())
    db.session.commit()
    undo = url_for(".restore", campaign_id=campaign_id)
    flash_with_undo(f"Draft “{campaign.name}” deleted.", undo)
    return redirect(url_for(".index"))


@bp.post("/campaigns/<campaign_id>/restore")
@requires(Role.EDITOR)
def restore(campaign_id: str) -> ResponseReturnValue:
    """Take a deleted draft back."""
    draft.restore_draft(queries.deleted_campaign(g.workspace.id, campaign_id))
    db.session.commit()
    flash("The draft is back.", "success")
    return redirect(url_for(".edit", campaign_id=campaign_id))


def _details(campaign: Campaign) -> dict[str, Any]:
    """Return what a report says beyond its figures: beside others, how soon, by whom."""
    if campaign.launched_at is None:
        return {}
    is_settled = campaign.launched_at <= utcnow() - SETTLED_AFTER
    return {
        "usual": medians(rates_of(g.workspace.id), without=campaign.id) if is_settled else {},
        "beside": beside,
        "speed": speed_of(campaign),
        "worth": worth_of(campaign.id),
        "link_tags": choices_of(campaign),
        "known_tags": tags_of(g.workspace.id),
        "breakdowns": {facet: breakdown(campaign, facet) for facet in _SHOWN_FACETS},
    }


def _progress(campaign: Campaign) -> dict[str, Any]:
    """Return the figures that only matter while a campaign is sent."""
    if campaign.status not in _UNDER_WAY:
        return {}
    now = utcnow()
    figures = queries.figures_of([campaign])[campaign.id]
    done = figures.audience - figures.waiting
    since, done_then = _sample(now, done)
    seconds = (now - since).total_seconds()
    rate = (done - done_then) / seconds if seconds > 0 else 0.0
    if now - since > _RATE_WINDOW:
        since, done_then = now, done
    return {
        "done": done,
        "rate": rate if campaign.status is CampaignStatus.SENDING else 0.0,
        "seconds_left": figures.waiting / rate if rate > 0 else None,
        "deferred": deferred_count(campaign),
        "wait": wait_of(campaign.id, now=now),
        "sample": {"since": since.timestamp(), "then": done_then},
    }


def _sample(now: datetime, done: int) -> tuple[datetime, int]:
    """Return when the present window began, and how far the campaign was then; the page carries both."""
    try:
        seconds = min(max(now.timestamp() - float(request.args["since"]), 0.0), 120.0)
        return now - timedelta(seconds=seconds), min(int(request.args["then"]), done)
    except (KeyError, ValueError):
        return now, done
