"""Exports for programs: people and suppressions, streamed as files, whatever their number."""

from typing import Any, Literal

from flask import Response, g
from pydantic import BaseModel, ConfigDict, Field

from mailer.api.guards import api_blueprint
from mailer.api.schemas import Line
from mailer.audience.models import SubscriptionStatus
from mailer.audience.queries import SubscriberFilter, list_by_id
from mailer.audience.tags import tag_called
from mailer.exports.people import Chosen, csv_of_people, json_of_people
from mailer.exports.suppressions import csv_of_suppressions
from mailer.lib.clock import utcnow
from mailer.segments.members import people_in
from mailer.segments.queries import segment_by_id
from mailer.web.answers import file_answer

bp = api_blueprint("exports_api", __name__, tag="Exports")


class PeopleQuery(BaseModel):
    """Whom an export is of, and in which form."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["csv", "jsonl"] = Field(
        "csv", description="“jsonl” holds every consent record and event, a person in each line."
    )
    segment: str = Field("", description="Only people in this segment; then nothing else narrows.")
    list: str = Field("", description="Only those with a place on this list.")
    status: Literal["", "pending", "active", "unsubscribed"] = ""
    tag: Line = Field("", description="Only those with this tag.")


def _files(*kinds: str) -> dict[int | str, Any]:
    content = {kind: {"schema": {"type": "string"}} for kind in kinds}
    return {200: {"description": "The file, streamed.", "content": content}}


@bp.get("/exports/subscribers")
@bp.input(PeopleQuery, location="query")
@bp.doc(responses=_files("text/csv", "application/x-ndjson"))
def export_subscribers(query_data: PeopleQuery) -> Response:
    """Read people as a file, with all that is known of each; the import reads it back unchanged."""
    chosen = _chosen(query_data)
    lines = csv_of_people(chosen) if query_data.format == "csv" else json_of_people(chosen)
    return file_answer(lines, "subscribers", query_data.format)


@bp.get("/exports/suppressions")
@bp.doc(responses=_files("text/csv"))
def export_suppressions() -> Response:
    """Read the suppressed addresses as CSV."""
    return file_answer(csv_of_suppressions(g.workspace.id), "suppressions", "csv")


def _chosen(asked: PeopleQuery) -> Chosen:
    workspace_id = g.workspace.id
    if asked.segment:
        segment = segment_by_id(workspace_id, asked.segment)
        return Chosen(workspace_id, people_in(workspace_id, segment.tree, now=utcnow(), inside=(segment.id,)))
    by = SubscriberFilter(
        list_id=list_by_id(workspace_id, asked.list).id if asked.list else None,
        status=SubscriptionStatus(asked.status) if asked.status else None,
        tag_id=tag_called(workspace_id, asked.tag).id if asked.tag else None,
    )
    return Chosen.by(workspace_id, by)
