"""Keeping DMARC reports, and reading from them who sends in a domain's name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Integer, case, cast, func, or_, select

from mailer.db import db, insert_missing
from mailer.delivery.engine.dmarc_reports import Report
from mailer.delivery.models import DmarcReport, DmarcSource, SendingDomain
from mailer.lib.ids import uuid7


@dataclass(frozen=True)
class Sending:
    """One address that sent in a domain's name, and how much of that passed."""

    address: str
    total: int
    passed: int
    refused: int


def keep_reports(workspace_id: UUID, reports: Iterable[Report], *, now: datetime) -> int:
    """Write down the reports about a workspace's domains that were not there yet; return how many."""
    kept = 0
    for report in reports:
        domain_id = _domain_of(workspace_id, report.domain)
        if domain_id is None:
            continue
        made = insert_missing(
            DmarcReport,
            [
                {
                    "id": uuid7(),
                    "created_at": now,
                    "sending_domain_id": domain_id,
                    "reporter": report.reporter,
                    "report_id": report.report_id,
                    "begins_at": report.begins_at,
                    "ends_at": report.ends_at,
                    "policy": report.policy,
                }
            ],
            returning=DmarcReport.id,
        )
        for identifier in made:
            db.session.add_all(DmarcSource(report_id=identifier, **_columns(each)) for each in report.sources)
            kept += 1
    db.session.flush()
    return kept


def sendings_of(sending_domain: SendingDomain, *, since: datetime, limit: int = 50) -> Sequence[Sending]:
    """Return who sent in a domain's name, by reports since a moment, the most first."""
    has_passed = or_(DmarcSource.dkim_passed, DmarcSource.spf_passed)
    is_stopped = DmarcSource.disposition.in_(("quarantine", "reject"))
    total = func.sum(DmarcSource.count)
    rows = db.session.execute(
        select(
            DmarcSource.address,
            cast(total, Integer),
            cast(func.sum(case((has_passed, DmarcSource.count), else_=0)), Integer),
            cast(func.sum(case((is_stopped, DmarcSource.count), else_=0)), Integer),
        )
        .join(DmarcReport, DmarcReport.id == DmarcSource.report_id)
        .where(DmarcReport.sending_domain_id == sending_domain.id, DmarcReport.begins_at >= since)
        .group_by(DmarcSource.address)
        .order_by(total.desc())
        .limit(limit)
    )
    return [Sending(*row) for row in rows]


def reports_since(now: datetime) -> datetime:
    """Return since when reports are summed: a month."""
    return now - timedelta(days=31)


def reporters_of(sending_domain: SendingDomain, *, limit: int = 20) -> Sequence[DmarcReport]:
    """Return the last reports about a domain, newest first."""
    return db.session.scalars(
        select(DmarcReport)
        .where(DmarcReport.sending_domain_id == sending_domain.id)
        .order_by(DmarcReport.begins_at.desc(), DmarcReport.id.desc())
        .limit(limit)
    ).all()


def _domain_of(workspace_id: UUID, domain: str) -> UUID | None:
    """Return the sending domain that a report is about: it, or one above or below it."""
    known = db.session.execute(
        select(SendingDomain.id, SendingDomain.domain).where(SendingDomain.workspace_id == workspace_id)
    ).all()
    near = [
        each
        for each in known
        if each.domain == domain or each.domain.endswith(f".{domain}") or domain.endswith(f".{each.domain}")
    ]
    return max(near, key=lambda each: (each.domain == domain, len(each.domain))).id if near else None


def _columns(source: object) -> dict[str, object]:
    names = ("address", "count", "dkim_passed", "spf_passed", "disposition", "header_from")
    return {name: getattr(source, name) for name in names}
