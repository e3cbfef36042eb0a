"""The doctor of sending domains: looks every record up, keeps what it found, and warns before it hurts."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import func, select

from mailer.accounts.models import Workspace
from mailer.current import settings
from mailer.db import db
from mailer.delivery.engine.domain_checks.check_domain import check_domain
from mailer.delivery.engine.domain_checks.findings import CheckKind, Finding, Health, Key, Subject
from mailer.delivery.engine.txt_records import look_up
from mailer.delivery.models import DomainCheck, KeyState, SendingDomain, Transport
from mailer.delivery.warn_owners import warn_owners

log = logging.getLogger(__name__)

_AGAIN: Final = timedelta(hours=24)
#: The gravest last.
_TROUBLE: Final = (Health.WARN, Health.BAD)


def check_domains(*, now: datetime) -> None:
    """Look at every domain that was not looked at for a day, warn of what is worse; commits as it goes."""
    last = (
        select(DomainCheck.sending_domain_id, func.max(DomainCheck.checked_at).label("at"))
        .group_by(DomainCheck.sending_domain_id)
        .subquery()
    )
    due = (
        select(SendingDomain.id)
        .outerjoin(last, last.c.sending_domain_id == SendingDomain.id)
        .where(func.coalesce(last.c.at, now - 2 * _AGAIN) < now - _AGAIN)
    )
    for domain_id in db.session.scalars(due).all():
        worse = examine(domain_id, now=now)
        if worse:
            _warn(domain_id, worse)
        db.session.commit()


def examine(sending_domain_id: UUID, *, now: datetime) -> list[Finding]:
    """Look every record of a domain up and keep what is found.

    Ends the transaction that it begins in: nothing of the database may wait for somebody
    else's name server.

    :return: what is worse than it was the last time
    """
    subject = _subject(db.session.get_one(SendingDomain, sending_domain_id))
    db.session.rollback()
    findings = list(check_domain(subject, look_up))
    sending_domain = db.session.get(SendingDomain, sending_domain_id)
    if sending_domain is None:
        return []
    worse = _keep(sending_domain_id, subject.domain, findings, now=now)
    if sending_domain.tracking_host == subject.own_tracking_host:
        _follow_host(sending_domain, findings, now=now)
    return worse


def checks_of(sending_domain: SendingDomain) -> Sequence[DomainCheck]:
    """Return what was found the last time, in the order of the page."""
    found = db.session.scalars(
        select(DomainCheck).where(DomainCheck.sending_domain_id == sending_domain.id)
    ).all()
    return sorted(found, key=lambda each: list(CheckKind).index(each.kind))


def ailing(workspace: Workspace) -> list[tuple[SendingDomain, list[DomainCheck]]]:
    """Return the domains of a workspace whose records are bad, each with those."""
    rows = db.session.execute(
        select(SendingDomain, DomainCheck)
        .join(DomainCheck, DomainCheck.sending_domain_id == SendingDomain.id)
        .where(SendingDomain.workspace_id == workspace.id, DomainCheck.health == Health.BAD)
        .order_by(SendingDomain.domain, DomainCheck.kind)
    ).all()
    found: dict[UUID, tuple[SendingDomain, list[DomainCheck]]] = {}
    for sending_domain, check in rows:
        found.setdefault(sending_domain.id, (sending_domain, []))[1].append(check)
    return list(found.values())


def _keep(
    sending_domain_id: UUID, domain: str, findings: Iterable[Finding], *, now: datetime
) -> list[Finding]:
    worse = []
    for finding in findings:
        kept = db.session.get(DomainCheck, (sending_domain_id, finding.kind))
        if kept is None:
            kept = DomainCheck(
                sending_domain_id=sending_domain_id, kind=finding.kind, health=finding.health, since=now
            )
            db.session.add(kept)
        elif finding.health is Health.UNKNOWN and kept.health is not Health.UNKNOWN:
            # An answer that never came says nothing about the record.
            continue
        elif kept.health is not finding.health:
            if _gravity(finding.health) > _gravity(kept.health):
                log.warning("%s of %s was %s: %s", finding.kind, domain, kept.health, finding.advice)
                worse.append(finding)
            kept.since = now
        kept.health, kept.found, kept.advice = finding.health, finding.found, finding.advice
        kept.record_name, kept.record_kind, kept.record_value = finding.record
        kept.checked_at = now
    db.session.flush()
    return worse


def _gravity(health: Health) -> int:
    """Return 0 for what is no trouble, and more the worse it is."""
    return _TROUBLE.index(health) + 1 if health in _TROUBLE else 0


def _warn(sending_domain_id: UUID, worse: Iterable[Finding]) -> None:
    sending_domain = db.session.get_one(SendingDomain, sending_domain_id)
    troubles = [f"{each.kind.label}: {each.advice or each.found}" for each in worse]
    page = f"/{sending_domain.public_id}/health"
    warn_owners(sending_domain.workspace_id, sending_domain.domain, troubles, page=page)


def _follow_host(sending_domain: SendingDomain, findings: Iterable[Finding], *, now: datetime) -> None:
    """Let links be of the domain's own host from when it leads here until it does no longer."""
    health = next(each.health for each in findings if each.kind is CheckKind.TRACKING)
    if not sending_domain.tracking_host or health is Health.BAD:
        sending_domain.tracking_since = None
    elif health in (Health.GOOD, Health.OPTIONAL):
        sending_domain.tracking_since = sending_domain.tracking_since or now
    db.session.flush()


def _subject(sending_domain: SendingDomain) -> Subject:
    keys = sending_domain.keys_in(KeyState.ACTIVE, KeyState.PENDING)
    return Subject(
        domain=sending_domain.domain,
        server=_server_of(sending_domain),
        return_path=sending_domain.return_path,
        tracking_host=urlsplit(settings().base_url).hostname or "",
        own_tracking_host=sending_domain.tracking_host,
        keys=tuple(
            Key(key.record_name, key.record_value, key.problem, key.state is KeyState.ACTIVE) for key in keys
        ),
        is_signing=sending_domain.is_signing,
    )


def _server_of(sending_domain: SendingDomain) -> str:
    """Return the host that the domain's mail leaves by: the first that names it, or that takes all."""
    transports = db.session.scalars(
        select(Transport)
        .where(Transport.workspace_id == sending_domain.workspace_id, Transport.is_enabled)
        .order_by(Transport.weight.desc())
    ).all()
    naming = [one for one in transports if sending_domain.domain in one.from_domains]
    suitable = naming or [one for one in transports if not one.from_domains]
    if suitable:
        return suitable[0].host
    if settings().is_catching:
        return ""
    return urlsplit(settings().smtp_url).hostname or ""
