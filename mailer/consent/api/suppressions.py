"""Suppressions for programs: set down, found, lifted with a reason."""

from typing import Any, Literal

from flask import g
from pydantic import AwareDatetime, Field

from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Address, Given, Line, Shown, list_of
from mailer.consent import queries
from mailer.consent.api.frame import bp
from mailer.consent.models import Suppression, SuppressionReason
from mailer.consent.suppress import lift_suppression, suppress, suppression_by_id


class SuppressionShown(Shown):
    """An address that is not mailed."""

    object: Literal["suppression"] = "suppression"
    id: str
    email: str
    reason: SuppressionReason
    detail: str = Field(description="Such as the receiving server’s words.")
    created_at: AwareDatetime


class SuppressionQuery(PageQuery):
    """Which suppressions are asked for."""

    search: Line = Field("", max_length=320, description="Only addresses that begin so.")
    reason: Literal["", "hard_bounce", "complaint", "unsubscribed", "manual", "imported"] = Field(
        "", description="Only those for this reason."
    )


class NewSuppression(Given):
    """An address that is not to be mailed."""

    email: Address
    detail: Line = Field("", max_length=500, examples=["Asked by telephone not to be written to."])


class NewSuppressions(Given):
    """Up to 1,000 addresses that are not to be mailed."""

    emails: list[Address] = Field(min_length=1, max_length=1_000)
    detail: Line = Field("", max_length=500)


class Lifting(Given):
    """Why an address may be mailed again."""

    words: Line = Field(min_length=1, max_length=500, examples=["Their mail server was down that day."])


class SuppressionsShown(Shown):
    """Suppressions, in the order of the addresses that were given."""

    object: Literal["list"] = "list"
    data: list[SuppressionShown]


SuppressionPage = list_of(SuppressionShown, "SuppressionPage")


@bp.get("/suppressions")
@bp.input(SuppressionQuery, location="query")
@bp.output(SuppressionPage)
def index_suppressions(query_data: SuppressionQuery) -> dict[str, Any]:
    """Read the suppressions, newest first."""
    found = queries.suppressions(
        g.workspace.id,
        search=query_data.search,
        reason=SuppressionReason(query_data.reason) if query_data.reason else None,
    )
    return page(found, Suppression, query_data, lambda rows: [_shown(row) for row in rows])


@bp.post("/suppressions", endpoint="suppress")
@idempotent
@bp.input(NewSuppression)
@bp.output(SuppressionShown, status_code=201)
def post_suppression(json_data: NewSuppression) -> SuppressionShown:
    """Stop all campaigns to an address; one that is suppressed already keeps its first reason."""
    return _shown(_suppress(json_data.email, json_data.detail))


@bp.post("/suppressions/batch", endpoint="suppress_many")
@idempotent
@bp.input(NewSuppressions)
@bp.output(SuppressionsShown, status_code=201)
def post_suppressions(json_data: NewSuppressions) -> SuppressionsShown:
    """Stop all campaigns to up to 1,000 addresses."""
    return SuppressionsShown(data=[_shown(_suppress(email, json_data.detail)) for email in json_data.emails])


@bp.get("/suppressions/<suppression_id>")
@bp.output(SuppressionShown)
def show_suppression(suppression_id: str) -> SuppressionShown:
    """Read one suppression."""
    return _shown(suppression_by_id(g.workspace.id, suppression_id))


@bp.post("/suppressions/<suppression_id>/lift", endpoint="lift_suppression")
@idempotent
@bp.input(Lifting)
@bp.output(SuppressionShown, description="The suppression as it was.")
def lift(suppression_id: str, json_data: Lifting) -> SuppressionShown:
    """Let an address be mailed again, and keep who allowed it and why."""
    suppression = suppression_by_id(g.workspace.id, suppression_id)
    shown = _shown(suppression)
    lift_suppression(suppression, words=json_data.words, actor_id=g.api_key.created_by_id)
    return shown


def _suppress(email: str, detail: str) -> Suppression:
    return suppress(
        g.workspace.id,
        email,
        SuppressionReason.MANUAL,
        detail=detail or f"By the API key “{g.api_key.name}”",
        actor_id=g.api_key.created_by_id,
    )


def _shown(suppression: Suppression) -> SuppressionShown:
    return SuppressionShown.of(suppression, email=suppression.email_key)
