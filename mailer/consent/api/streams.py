"""Streams of transactional messages that are closed for an address, for programs."""

from typing import Any, Literal

from flask import g
from pydantic import AwareDatetime, Field

from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Address, Given, Line, Shown, list_of
from mailer.consent import queries
from mailer.consent.api.frame import bp
from mailer.consent.api.suppressions import Lifting
from mailer.consent.models import StreamSuppression, SuppressionReason
from mailer.consent.suppress import close_stream, open_stream, stream_suppression_by_id
from mailer.db import db
from mailer.lib.addresses import address_key


class StreamSuppressionShown(Shown):
    """An address that gets nothing of one stream of transactional messages."""

    object: Literal["stream_suppression"] = "stream_suppression"
    id: str
    stream: str
    email: str
    reason: SuppressionReason
    detail: str
    created_at: AwareDatetime


class StreamQuery(PageQuery):
    """Which closed streams are asked for."""

    stream: Line = Field("", max_length=40, description="Only of this stream.")
    search: Line = Field("", max_length=320, description="Only addresses that begin so.")


class ClosedStream(Given):
    """A stream that is to be closed for an address."""

    email: Address
    stream: Line = Field(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9-]*$", examples=["receipts"])
    detail: Line = Field("", max_length=500, examples=["Wants no more of them."])


StreamSuppressionPage = list_of(StreamSuppressionShown, "StreamSuppressionPage")


@bp.get("/suppressions/streams", endpoint="index_stream_suppressions")
@bp.input(StreamQuery, location="query")
@bp.output(StreamSuppressionPage)
def index_streams(query_data: StreamQuery) -> dict[str, Any]:
    """Read which streams are closed for whom, newest first."""
    found = queries.stream_suppressions(g.workspace.id, search=query_data.search)
    if query_data.stream:
        found = found.where(StreamSuppression.stream == query_data.stream)
    return page(found, StreamSuppression, query_data, lambda rows: [_shown(row) for row in rows])


@bp.post("/suppressions/streams", endpoint="suppress_in_stream")
@idempotent
@bp.input(ClosedStream)
@bp.output(StreamSuppressionShown, status_code=201)
def post_stream(json_data: ClosedStream) -> StreamSuppressionShown:
    """Send an address nothing more of one stream; what is closed already keeps its first reason."""
    detail = json_data.detail or f"By the API key “{g.api_key.name}”"
    close_stream(g.workspace.id, json_data.stream, json_data.email, SuppressionReason.MANUAL, detail=detail)
    closed = queries.stream_suppressions(g.workspace.id, search=json_data.email).where(
        StreamSuppression.stream == json_data.stream,
        StreamSuppression.email_key == address_key(json_data.email),
    )
    return _shown(db.session.scalars(closed).one())


@bp.post("/suppressions/streams/<stream_suppression_id>/lift", endpoint="lift_stream_suppression")
@idempotent
@bp.input(Lifting)
@bp.output(StreamSuppressionShown, description="The suppression as it was.")
def lift_in_stream(stream_suppression_id: str, json_data: Lifting) -> StreamSuppressionShown:
    """Let an address get one stream again, and keep who allowed it and why."""
    suppression = stream_suppression_by_id(g.workspace.id, stream_suppression_id)
    shown = _shown(suppression)
    open_stream(suppression, words=json_data.words, actor_id=g.api_key.created_by_id)
    return shown


def _shown(row: StreamSuppression) -> StreamSuppressionShown:
    return StreamSuppressionShown.of(row, email=row.email_key)
