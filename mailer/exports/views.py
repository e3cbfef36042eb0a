"""Exports: the people who are looked at, or the suppressions, streamed as a file."""

import json

from flask import g, request
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.audience.queries import subscriber_by_id
from mailer.exports.people import Chosen, csv_of_people, json_of_people, whole_person, zip_of_person
from mailer.exports.suppressions import csv_of_suppressions
from mailer.lib.clock import utcnow
from mailer.segments.selection import Selection
from mailer.web.answers import file_answer, packed_answer
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("exports", __name__)


@bp.get("/exports/subscribers.csv")
@requires(Role.EDITOR)
def people_csv() -> ResponseReturnValue:
    """Hand out the people that a list of subscribers is narrowed to."""
    return file_answer(csv_of_people(_chosen()), "subscribers", "csv")


@bp.get("/exports/subscribers.jsonl")
@requires(Role.EDITOR)
def people_json() -> ResponseReturnValue:
    """Hand them out with every consent record and event, one in each line."""
    return file_answer(json_of_people(_chosen()), "subscribers", "jsonl")


@bp.get("/exports/suppressions.csv")
@requires(Role.EDITOR)
def suppressions() -> ResponseReturnValue:
    """Hand out the suppressed addresses."""
    return file_answer(csv_of_suppressions(g.workspace.id), "suppressions", "csv")


@bp.get("/exports/subscribers/<subscriber_id>.json")
@requires(Role.EDITOR)
def one_person(subscriber_id: str) -> ResponseReturnValue:
    """Hand out everything that is known of one person (GDPR 15 and 20)."""
    known = whole_person(subscriber_by_id(g.workspace.id, subscriber_id))
    return file_answer(iter([json.dumps(known, ensure_ascii=False, indent=2) + "\n"]), subscriber_id, "json")


@bp.get("/exports/subscribers/<subscriber_id>.zip")
@requires(Role.EDITOR)
def one_person_packed(subscriber_id: str) -> ResponseReturnValue:
    """Hand it out as JSON and as tables together, to be sent to whoever asked."""
    packed = zip_of_person(subscriber_by_id(g.workspace.id, subscriber_id))
    return packed_answer(packed, subscriber_id)


def _chosen() -> Chosen:
    asked = {name: request.args.get(name, "") for name in ("segment", "list", "status", "tag")}
    search = request.args.get("q", "").replace("\0", "").strip()[:320]
    selection = Selection(ids=request.args.getlist("ids"), q=search, **asked)
    return Chosen.of(g.workspace.id, selection, now=utcnow())
