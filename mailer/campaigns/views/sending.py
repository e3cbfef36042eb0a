"""Sending a campaign: the last look, now or later, stop and go."""

from datetime import timedelta

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.audience.queries.fields_and_tags import tags_of
from mailer.campaigns import pause as stopping
from mailer.campaigns.choose_tracking import choose_tracking
from mailer.campaigns.click_tags import choices_of, set_click_tags
from mailer.campaigns.forms import ScheduleForm, link_tags_in
from mailer.campaigns.hours import HEAT_DAYS, SETTLED, best_hour_of
from mailer.campaigns.launch import launch
from mailer.campaigns.models import Campaign, Priority
from mailer.campaigns.narrowing import chosen_segments, narrow
from mailer.campaigns.preflight import preflight
from mailer.campaigns.prioritise import prioritise
from mailer.campaigns.schedule import schedule as schedule_campaign
from mailer.campaigns.schedule import unschedule as unschedule_campaign
from mailer.campaigns.views.frame import bp, campaign_of
from mailer.db import db
from mailer.delivery.models import TrackingMode
from mailer.errors import Invalid
from mailer.lib.clock import utcnow
from mailer.segments.queries import segments_by_name
from mailer.tracking.settings import tracking_of
from mailer.web.answers import refusal_told
from mailer.web.filters import local_time
from mailer.web.guards import requires

#: From here on the number of people is typed, because a slip would be a large one.
TYPED_FROM = 5_000
_PRIORITISED = {
    Priority.HIGH: "It goes before the other campaigns of this workspace.",
    Priority.NORMAL: "It shares alike with the other campaigns of this workspace.",
    Priority.LOW: "It lets the other campaigns of this workspace go before.",
}


@bp.get("/campaigns/<campaign_id>/review")
@requires(Role.EDITOR)
def review(campaign_id: str) -> ResponseReturnValue:
    """Show who gets what from whom, and what was found, before anything is sent."""
    campaign = campaign_of(campaign_id)
    if not campaign.is_editable:
        return redirect(url_for(".show", campaign_id=campaign_id))
    # A suggested time is a link to this page that has it.
    return _review(campaign, ScheduleForm(formdata=request.args))


@bp.post("/campaigns/<campaign_id>/send")
@requires(Role.EDITOR)
def send(campaign_id: str) -> ResponseReturnValue:
    """Begin to send."""
    campaign = campaign_of(campaign_id)
    with refusal_told("Nothing was sent: "):
        launch(campaign, now=utcnow())
        db.session.commit()
        return redirect(url_for(".show", campaign_id=campaign_id))
    return redirect(url_for(".review", campaign_id=campaign_id))


@bp.post("/campaigns/<campaign_id>/schedule")
@requires(Role.EDITOR)
def schedule(campaign_id: str) -> ResponseReturnValue:
    """Let it leave later."""
    campaign = campaign_of(campaign_id)
    form = ScheduleForm()
    if not form.validate():
        return _review(campaign, form), 422
    try:
        schedule_campaign(campaign, at=form.moment(g.workspace), now=utcnow())
        db.session.commit()
    except Invalid as error:
        db.session.rollback()
        form.at.errors = [error.fields.get("at", error.message)]
        return _review(campaign, form), 422
    assert campaign.scheduled_at is not None
    flash(f"“{campaign.name}” leaves on {local_time(campaign.scheduled_at, 'full')}.", "success")
    return redirect(url_for(".show", campaign_id=campaign_id))


@bp.post("/campaigns/<campaign_id>/unschedule")
@requires(Role.EDITOR)
def unschedule(campaign_id: str) -> ResponseReturnValue:
    """Make it a draft again."""
    unschedule_campaign(campaign_of(campaign_id))
    db.session.commit()
    flash("It is a draft again and will not leave by itself.", "success")
    return redirect(url_for(".edit", campaign_id=campaign_id))


@bp.post("/campaigns/<campaign_id>/priority")
@requires(Role.EDITOR)
def priority(campaign_id: str) -> ResponseReturnValue:
    """Let it go before others, or after them."""
    campaign = campaign_of(campaign_id)
    try:
        chosen = Priority(request.form.get("priority", ""))
    except ValueError:
        abort(400)
    prioritise(campaign, chosen)
    db.session.commit()
    flash(_PRIORITISED[chosen], "success")
    back = ".review" if campaign.is_editable else ".show"
    return redirect(url_for(back, campaign_id=campaign_id))


@bp.post("/campaigns/<campaign_id>/tracking")
@requires(Role.EDITOR)
def tracking(campaign_id: str) -> ResponseReturnValue:
    """Say what it counts."""
    campaign, chosen = campaign_of(campaign_id), request.form.get("tracking", "")
    if chosen and chosen not in set(TrackingMode):
        abort(400)
    choose_tracking(campaign, TrackingMode(chosen) if chosen else None)
    db.session.commit()
    return redirect(url_for(".review", campaign_id=campaign_id))


@bp.post("/campaigns/<campaign_id>/narrowing")
@requires(Role.EDITOR)
def narrowing(campaign_id: str) -> ResponseReturnValue:
    """Say which segments of its lists it goes to, and which it leaves out."""
    campaign = campaign_of(campaign_id)
    narrow(campaign, included=request.form.getlist("included"), excluded=request.form.getlist("excluded"))
    db.session.commit()
    return redirect(url_for(".review", campaign_id=campaign_id))


@bp.post("/campaigns/<campaign_id>/click-tags")
@requires(Role.EDITOR)
def tag_on_click(campaign_id: str) -> ResponseReturnValue:
    """Say which tags whoever follows its links gets."""
    campaign = campaign_of(campaign_id)
    back = redirect(url_for(".review" if campaign.is_editable else ".show", campaign_id=campaign_id))
    with refusal_told("Nothing was changed: "):
        set_click_tags(campaign, link_tags_in(request.form))
        db.session.commit()
        flash("Saved: whoever follows these links is tagged so.", "success")
    return back


@bp.post("/campaigns/<campaign_id>/pause")
@requires(Role.EDITOR)
def pause(campaign_id: str) -> ResponseReturnValue:
    """Stop sending for a while."""
    stopping.pause(campaign_of(campaign_id), now=utcnow())
    db.session.commit()
    return redirect(url_for(".show", campaign_id=campaign_id))


@bp.post("/campaigns/<campaign_id>/resume")
@requires(Role.EDITOR)
def resume(campaign_id: str) -> ResponseReturnValue:
    """Go on sending."""
    stopping.resume(campaign_of(campaign_id))
    db.session.commit()
    return redirect(url_for(".show", campaign_id=campaign_id))


@bp.post("/campaigns/<campaign_id>/cancel")
@requires(Role.EDITOR)
def cancel(campaign_id: str) -> ResponseReturnValue:
    """Stop sending for good."""
    stopping.cancel(campaign_of(campaign_id), now=utcnow())
    db.session.commit()
    flash("The campaign is cancelled; whoever had not got it will not get it.", "success")
    return redirect(url_for(".show", campaign_id=campaign_id))


def _review(campaign: Campaign, form: ScheduleForm) -> str:
    now = utcnow()
    found = preflight(campaign, now=now)
    return render_template(
        "campaigns/review.html",
        campaign=campaign,
        found=found,
        link_tags=choices_of(campaign, found.frozen.links if found.frozen else ()),
        known_tags=tags_of(g.workspace.id),
        form=form,
        best_hour=best_hour_of(g.workspace, now=now),
        heat_days=HEAT_DAYS,
        settled_hours=SETTLED // timedelta(hours=1),
        typed_from=TYPED_FROM,
        segments=segments_by_name(g.workspace.id),
        narrowed_to=chosen_segments(campaign),
        usual_tracking=tracking_of(g.workspace.id),
    )
