"""How much leaves, and how fast: caps, the warm-up, and limits for mailbox domains."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.audience.queries.growth import audience_size
from mailer.db import db, owned
from mailer.delivery import limits, queries
from mailer.delivery.allowance import limits_of, sent_by_day, warm_up_of
from mailer.delivery.engine.warm_up import WarmUp
from mailer.delivery.forms import DomainLimitForm, LimitsForm
from mailer.delivery.models import GIVE_UP_AFTER_HOURS, DomainLimit, SendingLimits
from mailer.delivery.routes import DEFAULT, transports_of
from mailer.errors import Conflict
from mailer.lib.clock import utcnow
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("limits", __name__)

#: What a domain bore longer ago than this says nothing about now.
_SLOWED_LATELY = timedelta(hours=6)


@bp.get("/settings/limits")
@requires(Role.ADMIN)
def show() -> ResponseReturnValue:
    """Show what is allowed, and how much of it is used."""
    return _page(_limits_form(limits_of(g.workspace.id)))


@bp.post("/settings/limits")
@requires(Role.ADMIN)
def update() -> ResponseReturnValue:
    """Cap an hour and a day, and begin, change or end the warm-up."""
    form = LimitsForm()
    if not form.validate():
        return _page(form), 422
    limits.save_limits(
        g.workspace.id,
        per_hour=form.per_hour.data,
        per_day=form.per_day.data,
        warm_up=_typed_warm_up(form) if form.is_warming_up.data else None,
        give_up_after_hours=form.give_up_after_hours.data or GIVE_UP_AFTER_HOURS,
    )
    db.session.commit()
    flash("Limits saved.", "success")
    return redirect(url_for(".show"))


@bp.get("/settings/limits/domains/new")
@requires(Role.ADMIN)
def new_domain() -> ResponseReturnValue:
    """Ask for the limit of some mailbox domains."""
    return render_template("delivery/domain_limit.html", form=DomainLimitForm(), limit=None)


@bp.post("/settings/limits/domains")
@requires(Role.ADMIN)
def create_domain() -> ResponseReturnValue:
    """Limit some mailbox domains."""
    return _save_domain(DomainLimitForm(), None)


@bp.get("/settings/limits/domains/<limit_id>")
@requires(Role.ADMIN)
def edit_domain(limit_id: str) -> ResponseReturnValue:
    """Show one limit, to be changed."""
    limit = _found(limit_id)
    return render_template("delivery/domain_limit.html", form=DomainLimitForm(obj=limit), limit=limit)


@bp.post("/settings/limits/domains/<limit_id>")
@requires(Role.ADMIN)
def update_domain(limit_id: str) -> ResponseReturnValue:
    """Change a limit."""
    return _save_domain(DomainLimitForm(), _found(limit_id))


@bp.post("/settings/limits/domains/<limit_id>/delete")
@requires(Role.ADMIN)
def delete_domain(limit_id: str) -> ResponseReturnValue:
    """Remove a limit."""
    limits.remove_domain_limit(_found(limit_id))
    db.session.commit()
    flash("The limit is removed.", "success")
    return redirect(url_for(".show"))


def _save_domain(form: DomainLimitForm, limit: DomainLimit | None) -> ResponseReturnValue:
    if form.validate():
        try:
            limits.save_domain_limit(
                g.workspace.id,
                form.domains.data or [],
                per_second=form.per_second.data,
                concurrent=form.concurrent.data,
                limit=limit,
            )
        except Conflict as error:
            db.session.rollback()
            form.domains.errors = [error.message]
        else:
            db.session.commit()
            flash("Limit saved.", "success")
            return redirect(url_for(".show"))
    return render_template("delivery/domain_limit.html", form=form, limit=limit), 422


def _page(form: LimitsForm) -> str:
    now = utcnow()
    today = now.astimezone(ZoneInfo(g.workspace.time_zone)).date()
    warm_up = warm_up_of(limits_of(g.workspace.id))
    routes = [DEFAULT, *(each.public_id for each in transports_of(g.workspace.id))]
    return render_template(
        "delivery/limits.html",
        form=form,
        today=today,
        sent=sent_by_day(g.workspace, since=min(today, warm_up.starts_on) if warm_up else today),
        domain_limits=limits.domain_limits(g.workspace.id),
        slowed=queries.slowed_domains(routes, since=now - _SLOWED_LATELY),
        **_warm_up_figures(warm_up, now),
    )


def _warm_up_figures(warm_up: WarmUp | None, now: datetime) -> dict[str, Any]:
    if warm_up is None:
        return {"warm_up": None}
    today = now.astimezone(ZoneInfo(g.workspace.time_zone)).date()
    audience = audience_size(g.workspace.id)
    return {
        "warm_up": warm_up,
        "warm_days": list(warm_up.days()),
        "audience": audience,
        "reached_on": warm_up.reached_on(audience, since=max(today, warm_up.starts_on)),
    }


def _limits_form(stored: SendingLimits | None) -> LimitsForm:
    form = LimitsForm(obj=stored)
    form.is_warming_up.data = stored is not None and stored.warm_up_starts_on is not None
    return form


def _typed_warm_up(form: LimitsForm) -> WarmUp:
    today = utcnow().astimezone(ZoneInfo(g.workspace.time_zone)).date()
    return WarmUp(
        form.warm_up_starts_on.data or today,
        first=form.warm_up_first.data or 1,
        factor=form.warm_up_factor.data or 2.0,
        target=form.warm_up_target.data or 1,
    )


def _found(limit_id: str) -> DomainLimit:
    return owned(DomainLimit, g.workspace.id, limit_id, otherwise="There is no such limit.")
