"""The weekly digest: what a workspace's mail came to in the week that ended, to members who want it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from mailer import signals
from mailer.accounts.models import Membership, Workspace
from mailer.current import settings
from mailer.db import db
from mailer.lib.shares import percent_in
from mailer.lib.system_mail import SystemMail
from mailer.reports.models import DigestReader
from mailer.reports.queries import Compared, compared_of, weeks_of

#: On Mondays at this hour of the workspace's zone.
_HOUR: Final = 8
_MOST_CAMPAIGNS: Final = 8


@dataclass(frozen=True)
class _Line:
    """A campaign as the digest has it; everything is words already."""

    name: str
    accepted: str
    opened: str
    clicked: str
    url: str


def switch_digest(membership: Membership, *, is_on: bool, now: datetime) -> None:
    """Begin or cease to send a member the digest; the first comes next Monday."""
    reader = db.session.get(DigestReader, membership.id)
    if is_on and reader is None:
        monday = monday_of(now, membership.workspace)
        db.session.add(DigestReader(membership_id=membership.id, last_on=monday))
    elif reader is not None and not is_on:
        db.session.delete(reader)
    db.session.flush()


def send_digests(*, now: datetime) -> int:
    """Write the digests that are due, each once for its Monday; return how many."""
    waiting = db.session.scalars(
        select(DigestReader)
        .where(DigestReader.last_on <= (now - timedelta(days=5)).date())
        .options(joinedload(DigestReader.membership).joinedload(Membership.workspace))
        .options(joinedload(DigestReader.membership).joinedload(Membership.user))
        .with_for_update(of=DigestReader)
    ).all()
    sent = 0
    for reader in waiting:
        workspace = reader.membership.workspace
        monday = monday_of(now, workspace)
        if monday <= reader.last_on or not _is_time(now, workspace, monday):
            continue
        values = digest_of(workspace, monday=monday)
        mail = SystemMail("weekly_digest", workspace.id, reader.membership.user.email, values)
        signals.mail_wanted.send(mail)
        reader.last_on = monday
        sent += 1
    db.session.flush()
    return sent


def digest_of(workspace: Workspace, *, monday: date) -> dict[str, Any]:
    """Return what the digest of the week before a Monday says, in words."""
    zone, locale = ZoneInfo(workspace.time_zone), workspace.locale.replace("-", "_")
    until = datetime.combine(monday, time(), zone).astimezone(UTC)
    since = until - timedelta(days=7)
    week = weeks_of(workspace.id, until=monday - timedelta(days=1), weeks=1)[0]
    campaigns = [
        each
        for each in compared_of(workspace.id, limit=_MOST_CAMPAIGNS)
        if each.campaign.launched_at is not None and since <= each.campaign.launched_at < until
    ]
    base = f"{settings().base_url}/w/{workspace.slug}"
    return {
        "workspace": workspace.name,
        "week": format_date(monday - timedelta(days=7), "d MMMM", locale=locale),
        "joined": format_decimal(week.joined, locale=locale),
        "departed": format_decimal(week.departed, locale=locale),
        "campaigns": [_line(each, base, locale) for each in campaigns],
        "report_url": f"{base}/reports",
    }


def monday_of(now: datetime, workspace: Workspace) -> date:
    """Return the Monday of the week that it is in a workspace."""
    today = now.astimezone(ZoneInfo(workspace.time_zone)).date()
    return today - timedelta(days=today.weekday())


def _is_time(now: datetime, workspace: Workspace, monday: date) -> bool:
    return now >= datetime.combine(monday, time(_HOUR), ZoneInfo(workspace.time_zone))


def _line(each: Compared, base: str, locale: str) -> _Line:
    def rate(figure: str) -> str:
        return percent_in(locale, each.rates.rate(figure))

    return _Line(
        each.campaign.name,
        format_decimal(each.rates.accepted, locale=locale),
        rate("opened"),
        rate("clicked"),
        f"{base}/campaigns/{each.campaign.public_id}",
    )
