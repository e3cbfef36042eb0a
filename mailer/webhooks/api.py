"""Webhooks for programs: endpoints, what they were told, and telling it again."""

from typing import Any, Literal

from flask import g
from pydantic import AwareDatetime, Field

from mailer.api.guards import api_blueprint
from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Given, Line, Shown, changes_of, list_of, patched
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.webhooks import endpoints, queries
from mailer.webhooks.models import Endpoint, Posting, PostingState

bp = api_blueprint("webhooks_api", __name__, tag="Webhooks")


class EndpointShown(Shown):
    """An address that is told about some events."""

    object: Literal["webhook"] = "webhook"
    id: str
    url: str
    description: str
    events: list[str]
    enabled: bool
    disabled_reason: str = Field(description="Why it was switched off by itself; empty otherwise.")
    failing_since: AwareDatetime | None
    succeeded_at: AwareDatetime | None
    created_at: AwareDatetime
    updated_at: AwareDatetime


class SecretShown(EndpointShown):
    """An endpoint with its secret, which cannot be read again."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class TryShown(Shown):
    """One request that told an event, and what was answered."""

    at: AwareDatetime
    status: int | None
    words: str = Field(description="The beginning of the answer, or why there was none.")
    milliseconds: int


class PostingShown(Shown):
    """An event on its way to an endpoint."""

    object: Literal["webhook_delivery"] = "webhook_delivery"
    id: str
    event: str = Field(description="Its id: the webhook-id of each try.")
    type: str
    data: dict[str, Any]
    state: PostingState
    try_count: int
    next_try_at: AwareDatetime | None
    status: int | None = Field(description="Of the last answer.")
    words: str
    created_at: AwareDatetime
    ended_at: AwareDatetime | None


class PostingDetail(PostingShown):
    """An event on its way to an endpoint, with each try."""

    tries: list[TryShown]


class NewEndpoint(Given):
    """An address that wants to be told about some events."""

    url: Line = Field(min_length=1, max_length=2_000, examples=["https://shop.example.com/hooks/mailer"])
    events: list[Line] = Field(
        min_length=1,
        max_length=100,
        description="Names of events, groups such as “campaign.*”, or “*” for everything.",
        examples=[["subscriber.*", "campaign.finished"]],
    )
    description: Line = Field("", max_length=200)


class Replay(Given):
    """From when on what failed is told again."""

    since: AwareDatetime = Field(examples=["2026-12-24T00:00:00Z"])


class PostingQuery(PageQuery):
    """Which deliveries are asked for."""

    state: Literal["", "waiting", "delivered", "failed"] = Field(
        "", description="Only those that stand there."
    )


class ReplayedShown(Shown):
    """How many events are told again."""

    object: Literal["count"] = "count"
    count: int


EndpointChanges = changes_of(NewEndpoint, "EndpointChanges")
EndpointPage = list_of(EndpointShown, "EndpointPage")
PostingPage = list_of(PostingShown, "PostingPage")


@bp.get("/webhooks")
@bp.input(PageQuery, location="query")
@bp.output(EndpointPage)
def index_webhooks(query_data: PageQuery) -> dict[str, Any]:
    """Read the endpoints, newest first."""
    found = queries.endpoints_of(g.workspace.id)
    return page(found, Endpoint, query_data, lambda rows: [_shown(row) for row in rows])


@bp.post("/webhooks", endpoint="create_webhook")
@idempotent
@bp.input(NewEndpoint)
@bp.output(SecretShown, status_code=201)
def post_webhook(json_data: NewEndpoint) -> SecretShown:
    """Make an endpoint; its secret is in this answer and in no other."""
    endpoint, secret = endpoints.create_endpoint(
        g.workspace.id, **json_data.model_dump(), created_by_id=g.api_key.created_by_id
    )
    return SecretShown.of(endpoint, enabled=endpoint.is_enabled, secret=secret)


@bp.get("/webhooks/<endpoint_id>")
@bp.output(EndpointShown)
def show_webhook(endpoint_id: str) -> EndpointShown:
    """Read one endpoint."""
    return _shown(_endpoint(endpoint_id))


@bp.patch("/webhooks/<endpoint_id>", endpoint="update_webhook")
@bp.input(EndpointChanges)
@bp.output(EndpointShown)
def patch_webhook(endpoint_id: str, json_data: Given) -> EndpointShown:
    """Change where an endpoint is and what it is told."""
    endpoint = _endpoint(endpoint_id)
    endpoints.change_endpoint(endpoint, **patched(endpoint, json_data))
    db.session.commit()
    return _shown(endpoint)


@bp.delete("/webhooks/<endpoint_id>", endpoint="remove_webhook")
@bp.output({}, status_code=204)
def delete_webhook(endpoint_id: str) -> str:
    """Remove an endpoint with its log."""
    endpoints.remove_endpoint(_endpoint(endpoint_id))
    db.session.commit()
    return ""


@bp.post("/webhooks/<endpoint_id>/enable", endpoint="enable_webhook")
@idempotent
@bp.output(EndpointShown)
def enable(endpoint_id: str) -> EndpointShown:
    """Tell an endpoint again, also what still waits for it."""
    endpoint = _endpoint(endpoint_id)
    endpoints.switch_endpoint(endpoint, is_enabled=True, now=utcnow())
    return _shown(endpoint)


@bp.post("/webhooks/<endpoint_id>/disable", endpoint="disable_webhook")
@idempotent
@bp.output(EndpointShown)
def disable(endpoint_id: str) -> EndpointShown:
    """Tell an endpoint nothing more, and keep it."""
    endpoint = _endpoint(endpoint_id)
    endpoints.switch_endpoint(endpoint, is_enabled=False, now=utcnow())
    return _shown(endpoint)


@bp.post("/webhooks/<endpoint_id>/rotate-secret", endpoint="rotate_webhook_secret")
@idempotent
@bp.output(SecretShown)
def rotate(endpoint_id: str) -> SecretShown:
    """Replace an endpoint’s secret; for 24 hours both sign."""
    endpoint = _endpoint(endpoint_id)
    secret = endpoints.replace_secret(endpoint, now=utcnow())
    return SecretShown.of(endpoint, enabled=endpoint.is_enabled, secret=secret)


@bp.post("/webhooks/<endpoint_id>/test", endpoint="test_webhook")
@idempotent
@bp.output(PostingShown, status_code=202)
def test(endpoint_id: str) -> PostingShown:
    """Tell an endpoint a test event."""
    return _shown_posting(endpoints.send_test(_endpoint(endpoint_id), now=utcnow()))


@bp.post("/webhooks/<endpoint_id>/replay", endpoint="replay_webhook")
@idempotent
@bp.input(Replay)
@bp.output(ReplayedShown, status_code=202)
def replay_failed(endpoint_id: str, json_data: Replay) -> ReplayedShown:
    """Tell again what failed since a time, under the same ids."""
    count = endpoints.replay_since(_endpoint(endpoint_id), since=json_data.since, now=utcnow())
    return ReplayedShown(count=count)


@bp.get("/webhooks/<endpoint_id>/deliveries", endpoint="index_webhook_deliveries")
@bp.input(PostingQuery, location="query")
@bp.output(PostingPage)
def index_deliveries(endpoint_id: str, query_data: PostingQuery) -> dict[str, Any]:
    """Read what an endpoint was told, newest first; kept for 30 days."""
    state = PostingState(query_data.state) if query_data.state else None
    found = queries.postings_of(_endpoint(endpoint_id), state=state)
    return page(found, Posting, query_data, lambda rows: [_shown_posting(row) for row in rows])


@bp.get("/webhooks/<endpoint_id>/deliveries/<posting_id>", endpoint="show_webhook_delivery")
@bp.output(PostingDetail)
def show_delivery(endpoint_id: str, posting_id: str) -> PostingDetail:
    """Read one thing that an endpoint was told, with each try."""
    posting = queries.posting_by_id(_endpoint(endpoint_id), posting_id)
    tries = [TryShown.of(one, at=one.created_at) for one in queries.tries_of(posting)]
    return PostingDetail.of(posting, **_told(posting), tries=tries)


@bp.post("/webhooks/<endpoint_id>/deliveries/<posting_id>/replay", endpoint="replay_webhook_delivery")
@idempotent
@bp.output(PostingShown, status_code=202)
def replay_one(endpoint_id: str, posting_id: str) -> PostingShown:
    """Tell one event once more, under the same id."""
    posting = queries.posting_by_id(_endpoint(endpoint_id), posting_id)
    endpoints.replay(posting, now=utcnow())
    db.session.refresh(posting)
    return _shown_posting(posting)


def _endpoint(endpoint_id: str) -> Endpoint:
    return queries.endpoint_by_id(g.workspace.id, endpoint_id)


def _shown(endpoint: Endpoint) -> EndpointShown:
    return EndpointShown.of(endpoint, enabled=endpoint.is_enabled)


def _shown_posting(posting: Posting) -> PostingShown:
    return PostingShown.of(posting, **_told(posting))


def _told(posting: Posting) -> dict[str, Any]:
    """Return what a posting does not call as programs do."""
    event = posting.event
    return {"event": event.public_id, "type": event.name, "data": event.data}
