"""What mail from a sending domain came to, by mailbox provider and by day, from sums that are kept."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select

from mailer.db import db
from mailer.delivery.models import SendingDomain, SendingSum


@dataclass
class Fared:
    """Deliveries by what they came to; ``dead`` were refused or came back, ``soft`` only came back."""

    accepted: int = 0
    deferred: int = 0
    rejected: int = 0
    dead: int = 0
    soft: int = 0
    complaints: int = 0

    @property
    def sends(self) -> int:
        """Deliveries that ended: accepted or refused."""
        return self.accepted + self.rejected

    def __iadd__(self, other: "Fared") -> "Fared":
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        return self


@dataclass(frozen=True)
class DomainFigures:
    """A span of a domain's mail.

    :param providers: by mailbox provider, the most mail first
    :param days: every day (UTC), oldest first, also those without mail
    """

    providers: Sequence[tuple[str, Fared]]
    days: Sequence[tuple[date, Fared]]
    total: Fared


def domain_figures(sending_domain: SendingDomain, *, now: datetime, days: int = 30) -> DomainFigures:
    """Return what mail from a domain, and from those below it, came to lately."""
    first = (now - timedelta(days=days - 1)).date()
    by_provider: dict[str, Fared] = {}
    by_day = {first + timedelta(days=number): Fared() for number in range(days)}
    total = Fared()
    for provider, slot, *numbers in db.session.execute(
        select(
            SendingSum.provider,
            SendingSum.slot,
            *map(
                func.sum,
                (
                    SendingSum.accepted,
                    SendingSum.deferred,
                    SendingSum.rejected,
                    SendingSum.refused + SendingSum.hard,
                    SendingSum.soft,
                    SendingSum.complaints,
                ),
            ),
        )
        .where(
            SendingSum.workspace_id == sending_domain.workspace_id,
            _is_of(sending_domain.domain),
            SendingSum.slot > now - timedelta(days=days),
        )
        .group_by(SendingSum.provider, SendingSum.slot)
    ):
        fared = Fared(*map(int, numbers))
        total += fared
        day = by_day.get(slot.date())
        if day is not None:
            day += fared
        each = by_provider.setdefault(provider, Fared())
        each += fared
    providers = sorted(by_provider.items(), key=lambda item: (-item[1].sends, item[0]))
    return DomainFigures(providers, list(by_day.items()), total)


def _is_of(domain: str) -> ColumnElement[bool]:
    return or_(SendingSum.domain == domain, SendingSum.domain.endswith(f".{domain}", autoescape=True))
