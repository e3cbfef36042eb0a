"""A campaign's deliveries, one by one, with the servers' words; and what an operator does about them."""

from collections.abc import Iterator

from flask import Response, abort, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.db import db
from mailer.delivery import queries, selection
from mailer.delivery.decide import CHOICES, decide
from mailer.delivery.models import Decision, DecisionKind, Delivery, Run, SkipReason, Standing
from mailer.delivery.selection import Selection, StandingCount
from mailer.lib.choices import choice_of
from mailer.lib.clock import utcnow
from mailer.lib.csv_rows import csv_line
from mailer.lib.ids import parse_id
from mailer.lib.lines import clean_search
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.pages import Page, page_of

bp = workspace_blueprint("deliveries", __name__)

#: What is looked at first: what somebody has to decide about.
_FIRST_SHOWN = (
    Standing.IN_DOUBT,
    Standing.HELD,
    Standing.DEFERRED,
    Standing.REJECTED,
    Standing.PREPARED,
    Standing.ACCEPTED,
)
#: Those that can be narrowed: the others are nearly all of a campaign, and nobody decides about them.
_NARROWED = frozenset(Standing) - {Standing.PREPARED, Standing.ACCEPTED}
#: Those whose servers said something.
_GROUPED = _NARROWED - {Standing.SKIPPED}
#: What becomes of one, and of many.
_DONE = {
    DecisionKind.RETRY: ("will be tried again", "will be tried again"),
    DecisionKind.GIVE_UP: ("is given up", "are given up"),
    DecisionKind.ARRIVED: ("counts as accepted now", "count as accepted now"),
    DecisionKind.SEND_AGAIN: ("will be sent once more", "will be sent once more"),
}
_HEADINGS = ["email", "state", "skip_reason", "attempts", "reply", "next_try_at", "ended_at"]


@bp.get("/campaigns/<campaign_id>/deliveries")
def index(campaign_id: str) -> ResponseReturnValue:
    """List the deliveries of one standing, narrowed as asked, or the one to an address."""
    run = _run(campaign_id)
    standings = selection.standings(g.workspace, run)
    standing = _standing(standings)
    q = clean_search(request.args.get("q", ""))
    is_address = "@" in q.lstrip("@")
    chosen = _selection(run, standing, search="" if is_address else q)
    can_narrow = standing in _NARROWED
    if is_address:
        page = Page(queries.delivery_to(g.workspace, run, q), after=None, before=None)
    elif can_narrow and chosen.is_narrowed:
        page = _window(chosen)
    else:
        page = page_of(queries.deliveries_in(g.workspace, run, standing), Delivery)
    return render_template(
        "delivery/deliveries.html",
        run=run,
        campaign_id=campaign_id,
        standings=standings,
        standing=standing,
        patience_hours=queries.give_up_after_hours(g.workspace),
        chosen=chosen,
        q=q,
        is_address=is_address,
        can_narrow=can_narrow,
        page=page,
        matching=_matching(chosen, standings) if can_narrow else None,
        groups=selection.groups(chosen) if standing in _GROUPED and page.rows and not is_address else None,
        reasons=queries.skip_reasons(g.workspace, run) if standing is Standing.SKIPPED else [],
        attempts=queries.attempts_of(g.workspace, page.rows),
        decisions=queries.decisions_of(g.workspace, run),
        choices=CHOICES.get(standing, ()) if g.membership.may(Role.EDITOR) and not is_address else (),
    )


@bp.post("/campaigns/<campaign_id>/deliveries/resolve")
@requires(Role.EDITOR)
def resolve(campaign_id: str) -> ResponseReturnValue:
    """Carry out a decision about the ticked deliveries, or about all that match."""
    run = _run(campaign_id)
    try:
        kind, standing = (
            DecisionKind(request.form.get("decision", "")),
            Standing(request.form.get("state", "")),
        )
    except ValueError:
        abort(400)
    ids = None
    if request.form.get("scope") != "all":
        parsed = (parse_id(Delivery.prefix, text) for text in request.form.getlist("ids"))
        ids = [identifier for identifier in parsed if identifier is not None]
    chosen = _selection(run, standing, search=clean_search(request.form.get("q", "")))
    decision = decide(run, kind, chosen, ids, by=current_user, now=utcnow())
    db.session.commit()
    _tell(decision)
    return redirect(
        url_for(
            ".index",
            campaign_id=campaign_id,
            state=standing.value,
            words=chosen.words or None,
            domain=chosen.domain or None,
            q=chosen.search or None,
        )
    )


@bp.get("/campaigns/<campaign_id>/deliveries/decisions")
def decisions(campaign_id: str) -> ResponseReturnValue:
    """Show how far the last decisions are: the part of the page that fetches itself again."""
    return render_template(
        "delivery/decisions.html",
        campaign_id=campaign_id,
        decisions=queries.decisions_of(g.workspace, _run(campaign_id)),
    )


@bp.get("/campaigns/<campaign_id>/deliveries.csv")
@requires(Role.EDITOR)
def export(campaign_id: str) -> ResponseReturnValue:
    """Give the deliveries of one standing, narrowed as asked, as a file, as they are read."""
    run = _run(campaign_id)
    standing = _standing(selection.standings(g.workspace, run))
    chosen = _selection(run, standing, search=clean_search(request.args.get("q", "")))

    def lines() -> Iterator[str]:
        yield csv_line(_HEADINGS)
        for row in selection.export(chosen):
            yield csv_line(row)

    answer = Response(stream_with_context(lines()), mimetype="text/csv")
    name = f"{campaign_id}-{standing.value}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _run(campaign_id: str) -> Run:
    return queries.run_of(g.workspace, parse_id("cmp", campaign_id)) or abort(404)


def _standing(standings: list[StandingCount]) -> Standing:
    asked = choice_of(Standing, request.args.get("state", ""), label="The state")
    if asked is not None:
        return asked
    present = {each.standing for each in standings}
    return next((standing for standing in _FIRST_SHOWN if standing in present), Standing.ACCEPTED)


def _selection(run: Run, standing: Standing, *, search: str) -> Selection:
    reason = choice_of(SkipReason, request.values.get("reason", ""), label="The reason")
    return Selection.of(
        run,
        standing,
        words=request.values.get("words", "").replace("\0", "")[:500],
        domain=clean_search(request.values.get("domain", "").lower()),
        search=search,
        reason=reason if standing is Standing.SKIPPED else None,
    )


def _window(chosen: Selection) -> Page[Delivery]:
    """Return the page of a narrowed list: forwards only, since its windows are found on the way."""
    found = selection.newest(chosen, after=parse_id(Delivery.prefix, request.args.get("after", "")))
    after = Delivery(id=found.after).public_id if found.after is not None else None
    return Page(found.rows, after=after, before=None)


def _matching(chosen: Selection, standings: list[StandingCount]) -> int | None:
    """Return how many match; None when they are too many to count."""
    if not chosen.is_narrowed:
        return next((each.count for each in standings if each.standing is chosen.standing), 0)
    found = {each.standing: each.count for each in standings}
    number = selection.count_up_to(chosen, selection.COUNTED_TO)
    total = found.get(chosen.standing, 0)
    return number if total is not None and total <= selection.COUNTED_TO else None


def _tell(decision: Decision) -> None:
    moved = decision.moved_count
    one, many = _DONE[decision.kind]
    told = f"1 delivery {one}" if moved == 1 else f"{moved:,} deliveries {many}"
    if decision.ended_at is None:
        flash(f"{told} so far. The others follow; see below.", "info")
    elif moved:
        flash(f"{told}.", "success")
    else:
        flash(
            "There was none left to decide about." if decision.is_for_all else "Nothing was chosen.", "info"
        )
