"""How fast mail leaves, for programs: caps, and what some mailbox domains get."""

from typing import Literal

from flask import g
from pydantic import AwareDatetime, Field

from mailer.api.idempotency import idempotent
from mailer.api.schemas import Domain, Given, Shown, changes_of, patched
from mailer.db import db, owned
from mailer.delivery import limits
from mailer.delivery.allowance import limits_of, warm_up_of
from mailer.delivery.api.frame import bp
from mailer.delivery.models import GIVE_UP_AFTER_HOURS, DomainLimit, SendingLimits
from mailer.errors import Invalid


class LimitsShown(Shown):
    """How much leaves in an hour and a day, and how long it is tried."""

    object: Literal["limits"] = "limits"
    per_hour: int | None
    per_day: int | None
    give_up_after_hours: int = Field(description="How long what a server keeps putting off is tried.")


class _Limits(Given):
    """How much may leave."""

    per_hour: int | None = Field(None, ge=1, le=100_000_000, description="null: as much as can be.")
    per_day: int | None = Field(None, ge=1, le=1_000_000_000, description="null: as much as can be.")
    give_up_after_hours: int = Field(GIVE_UP_AFTER_HOURS, ge=1, le=720)


class DomainLimitShown(Shown):
    """The most that some mailbox domains get, which count as one."""

    object: Literal["domain_limit"] = "domain_limit"
    id: str
    domains: list[str]
    per_second: float | None
    concurrent: int | None = Field(description="Connections at a time.")
    created_at: AwareDatetime


class DomainLimitsShown(Shown):
    """All limits for mailbox domains, oldest first."""

    object: Literal["list"] = "list"
    data: list[DomainLimitShown]


class NewDomainLimit(Given):
    """What some mailbox domains are to get."""

    domains: list[Domain] = Field(min_length=1, max_length=50, examples=[["gmail.com", "googlemail.com"]])
    per_second: float | None = Field(None, gt=0, le=10_000, examples=[5])
    concurrent: int | None = Field(None, ge=1, le=1_000)


LimitsChanges = changes_of(_Limits, "LimitsChanges")
DomainLimitChanges = changes_of(NewDomainLimit, "DomainLimitChanges")


@bp.get("/limits")
@bp.output(LimitsShown)
def show_limits() -> LimitsShown:
    """Read how much may leave."""
    return _shown()


@bp.patch("/limits", endpoint="update_limits")
@bp.input(LimitsChanges)
@bp.output(LimitsShown)
def patch_limits(json_data: Given) -> LimitsShown:
    """Change how much may leave; the warm-up stays as it is."""
    stored = _stored()
    limits.save_limits(g.workspace.id, warm_up=warm_up_of(stored), **patched(stored, json_data))
    db.session.commit()
    return _shown()


@bp.get("/limits/domains", endpoint="index_domain_limits")
@bp.output(DomainLimitsShown)
def index_domains() -> DomainLimitsShown:
    """Read what some mailbox domains get."""
    return DomainLimitsShown(data=DomainLimitShown.each_of(limits.domain_limits(g.workspace.id)))


@bp.post("/limits/domains", endpoint="create_domain_limit")
@idempotent
@bp.input(NewDomainLimit)
@bp.output(DomainLimitShown, status_code=201)
def post_domain_limit(json_data: NewDomainLimit) -> DomainLimitShown:
    """Limit what some mailbox domains get."""
    return _saved(json_data.model_dump(), None)


@bp.patch("/limits/domains/<limit_id>", endpoint="update_domain_limit")
@bp.input(DomainLimitChanges)
@bp.output(DomainLimitShown)
def patch_domain_limit(limit_id: str, json_data: Given) -> DomainLimitShown:
    """Change what some mailbox domains get."""
    limit = _limit(limit_id)
    shown = _saved(patched(limit, json_data), limit)
    db.session.commit()
    return shown


@bp.delete("/limits/domains/<limit_id>", endpoint="remove_domain_limit")
@bp.output({}, status_code=204)
def delete_domain_limit(limit_id: str) -> str:
    """Let some mailbox domains have what they bear again."""
    limits.remove_domain_limit(_limit(limit_id))
    db.session.commit()
    return ""


def _saved(asked: dict[str, object], limit: DomainLimit | None) -> DomainLimitShown:
    if asked["per_second"] is None and asked["concurrent"] is None:
        problem = "Say how many a second, how many connections at a time, or both."
        raise Invalid(problem, fields={"per_second": problem})
    return DomainLimitShown.of(limits.save_domain_limit(g.workspace.id, limit=limit, **asked))  # type: ignore[arg-type]


def _limit(limit_id: str) -> DomainLimit:
    return owned(DomainLimit, g.workspace.id, limit_id, otherwise="There is no such limit.")


def _shown() -> LimitsShown:
    return LimitsShown.of(_stored())


def _stored() -> SendingLimits:
    return limits_of(g.workspace.id) or SendingLimits(give_up_after_hours=GIVE_UP_AFTER_HOURS)
