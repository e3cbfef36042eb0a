"""A campaign's deliveries, one by one, with the servers' words; and what an operator does about them."""

from collections.abc import Iterator

from flask import Response, abort, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.db import db
from mailer.delivery import queries
from mailer.delivery.models import Delivery, DeliveryState, Run
from mailer.delivery.queries import StateCount
from mailer.delivery.resolve import Decision, resolve
from mailer.lib.clock import utcnow
from mailer.lib.csv_rows import csv_line
from mailer.lib.ids import parse_id
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.pages import Page, page_of

bp = workspace_blueprint("deliveries", __name__)

#: What is looked at first: what somebody has to decide about.
_FIRST_SHOWN = (
    DeliveryState.IN_DOUBT,
    DeliveryState.HELD,
    DeliveryState.REJECTED,
    DeliveryState.PREPARED,
    DeliveryState.ACCEPTED,
)
_DONE = {
    Decision.RETRY: "{} will be tried again.",
    Decision.ARRIVED: "{} count as accepted now.",
    Decision.SEND_AGAIN: "{} will be sent once more.",
}
_HEADINGS = ["email", "state", "skip_reason", "attempts", "reply", "next_try_at", "ended_at"]


@bp.get("/campaigns/<campaign_id>/deliveries")
def index(campaign_id: str) -> ResponseReturnValue:
    """List the deliveries in one state, or the one to an address."""
    run = _run(campaign_id)
    counts = queries.counts(g.workspace, run)
    state = _state(counts)
    address = request.args.get("q", "").strip()
    if address:
        page = Page(queries.delivery_to(g.workspace, run, address), after=None, before=None)
    else:
        page = page_of(queries.deliveries_in(g.workspace, run, state), Delivery)
    return render_template(
        "delivery/deliveries.html",
        run=run,
        campaign_id=campaign_id,
        counts=counts,
        state=state,
        q=address,
        page=page,
        attempts=queries.attempts_of(g.workspace, page.rows),
        can_decide=g.membership.may(Role.EDITOR),
    )


@bp.post("/campaigns/<campaign_id>/deliveries/resolve")
@requires(Role.EDITOR)
def resolve_some(campaign_id: str) -> ResponseReturnValue:
    """Carry out a decision about the ticked deliveries, or about all of a state."""
    run = _run(campaign_id)
    try:
        decision = Decision(request.form.get("decision", ""))
    except ValueError:
        abort(400)
    chosen = None
    if request.form.get("scope") != "all":
        ids = (parse_id(Delivery.prefix, text) for text in request.form.getlist("ids"))
        chosen = [identifier for identifier in ids if identifier is not None]
    moved = resolve(run, decision, chosen, now=utcnow())
    db.session.commit()
    people = "1 delivery" if moved == 1 else f"{moved:,} deliveries"
    flash(_DONE[decision].format(people) if moved else "Nothing was chosen.", "success" if moved else "info")
    return redirect(url_for(".index", campaign_id=campaign_id, state=request.form.get("state") or None))


@bp.get("/campaigns/<campaign_id>/deliveries.csv")
@requires(Role.EDITOR)
def export(campaign_id: str) -> ResponseReturnValue:
    """Give the deliveries in one state as a file, as they are read."""
    run = _run(campaign_id)
    state = _state(queries.counts(g.workspace, run))

    def lines() -> Iterator[str]:
        yield csv_line(_HEADINGS)
        for row in queries.export(g.workspace, run, state):
            yield csv_line(row)

    answer = Response(stream_with_context(lines()), mimetype="text/csv")
    name = f"{campaign_id}-{state.value}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _run(campaign_id: str) -> Run:
    return queries.run_of(g.workspace, parse_id("cmp", campaign_id)) or abort(404)


def _state(counts: list[StateCount]) -> DeliveryState:
    asked = request.args.get("state", "")
    if asked in set(DeliveryState):
        return DeliveryState(asked)
    present = {each.state for each in counts}
    return next((state for state in _FIRST_SHOWN if state in present), DeliveryState.ACCEPTED)
