"""Deliveries of a campaign, narrowed to what somebody looks at: by standing, words, mailbox domain.

A campaign may have a million of them, and a filter may match few: so they are looked
through in windows of fixed size, along an index, and whoever asks is told where the next
window begins.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from mailer.accounts.models import Workspace
from mailer.db import db
from mailer.delivery import queries
from mailer.delivery.engine.wording import gist, like
from mailer.delivery.models import Delivery, DeliveryState, Run, SkipReason, Standing

#: Beyond this many, what no count is kept of is “10,000+”.
COUNTED_TO: Final = 10_000
#: How many rows one page of a filtered list looks through.
_WINDOW: Final = 20_000
_EXPORT_WINDOW: Final = 2_000
_SAMPLE: Final = 5_000
_SHOWN_GROUPS: Final = 8


@dataclass(frozen=True)
class Selection:
    """Some deliveries of a campaign.

    :param words: the gist of what their server said (``engine.wording``)
    :param domain: the mailbox domain, such as ``gmail.com``
    :param search: a part of the address
    """

    workspace_id: UUID
    campaign_id: UUID
    standing: Standing
    words: str = ""
    domain: str = ""
    search: str = ""
    reason: SkipReason | None = None

    @classmethod
    def of(cls, run: Run, standing: Standing, **narrowed: Any) -> "Selection":
        """Select among the deliveries of a run."""
        return cls(run.workspace_id, run.campaign_id, standing, **narrowed)

    @property
    def is_narrowed(self) -> bool:
        """Whether it leaves out some of its standing."""
        return bool(self.words or self.domain or self.search or self.reason)

    def in_standing(self) -> list[ColumnElement[bool]]:
        """Name what an index finds.

        :raises ValueError: no index holds the deliveries of this standing alone
        """
        if self.standing in (Standing.PREPARED, Standing.ACCEPTED):
            raise ValueError(f"Those that are {self.standing} are nearly all.")
        return [
            Delivery.workspace_id == self.workspace_id,
            Delivery.campaign_id == self.campaign_id,
            Delivery.attention == self.standing.value,
        ]

    def narrowing(self) -> list[ColumnElement[bool]]:
        """Name what has to be looked for row by row."""
        conditions: list[ColumnElement[bool]] = []
        if self.words:
            conditions.append(Delivery.reply.like(like(self.words), escape="\\"))
        if self.domain:
            conditions.append(Delivery.email.iendswith(f"@{self.domain}", autoescape=True))
        if self.search:
            conditions.append(Delivery.email.icontains(self.search, autoescape=True))
        if self.reason:
            conditions.append(Delivery.skip_reason == self.reason)
        return conditions


@dataclass(frozen=True)
class StandingCount:
    """How many of a campaign's deliveries stand somewhere; None when they are too many to count."""

    standing: Standing
    count: int | None


@dataclass(frozen=True)
class Found:
    """What one window held.

    :param after: where the next window begins; none when this was the last
    """

    rows: Sequence[Delivery]
    after: UUID | None


@dataclass(frozen=True)
class Groups:
    """What the newest of a standing have in common: words and mailbox domains, the most frequent first.

    :param looked_at: how many of them were looked at
    """

    words: list[tuple[str, int]]
    domains: list[tuple[str, int]]
    looked_at: int


def standings(workspace: Workspace, run: Run) -> list[StandingCount]:
    """Return how many deliveries stand where, of the standings that there are any in."""
    found = {each.state: each.count for each in queries.counts(workspace, run)}
    deferred = count_up_to(Selection.of(run, Standing.DEFERRED), COUNTED_TO)
    is_counted = deferred < COUNTED_TO
    numbers: dict[Standing, int | None] = {Standing(state.value): number for state, number in found.items()}
    if deferred:
        numbers[Standing.DEFERRED] = deferred if is_counted else None
        waiting = found.get(DeliveryState.PREPARED, 0) - deferred
        numbers[Standing.PREPARED] = waiting if is_counted else None
    return [StandingCount(each, numbers[each]) for each in Standing if numbers.get(each, 0) != 0]


def newest(selection: Selection, *, after: UUID | None, size: int = 50) -> Found:
    """Return the newest that match, from one window of the standing."""
    begin = [Delivery.id < after] if after is not None else []
    ids = select(Delivery.id).where(*selection.in_standing(), *begin).order_by(Delivery.id.desc())
    end = db.session.scalar(ids.offset(_WINDOW - 1).limit(1))
    within = [Delivery.id >= end] if end is not None else []
    rows = db.session.scalars(
        select(Delivery)
        .where(*selection.in_standing(), *selection.narrowing(), *begin, *within)
        .order_by(Delivery.id.desc())
        .limit(size + 1)
    ).all()
    if len(rows) > size:
        return Found(rows[:size], rows[size - 1].id)
    return Found(rows, end)


def next_ids(selection: Selection, *, after: UUID | None, size: int) -> tuple[list[UUID], UUID | None]:
    """Return those that match among the next few, oldest first, and where those end; none at the end."""
    begin = [Delivery.id > after] if after is not None else []
    ids = select(Delivery.id).where(*selection.in_standing(), *begin).order_by(Delivery.id)
    end = db.session.scalar(ids.offset(size - 1).limit(1))
    within = [Delivery.id <= end] if end is not None else []
    return list(db.session.scalars(ids.where(*selection.narrowing(), *within))), end


def count_up_to(selection: Selection, most: int) -> int:
    """Return how many there are, counting no further than ``most`` of the standing."""
    looked_at: Select[Any] = (
        select(Delivery.id).where(*selection.in_standing()).order_by(Delivery.id.desc()).limit(most)
    )
    if not selection.is_narrowed:
        return int(db.session.scalar(select(func.count()).select_from(looked_at.subquery())) or 0)
    within = looked_at.subquery()
    matching = select(func.count()).select_from(Delivery).join(within, within.c.id == Delivery.id)
    return int(db.session.scalar(matching.where(*selection.narrowing())) or 0)


def groups(selection: Selection) -> Groups:
    """Return what the newest of a standing have in common, whatever else it is narrowed by."""
    rows = db.session.execute(
        select(Delivery.reply, Delivery.email)
        .where(*selection.in_standing())
        .order_by(Delivery.id.desc())
        .limit(_SAMPLE)
    ).all()
    words = Counter(gist(row.reply) for row in rows if row.reply)
    domains = Counter(row.email.rpartition("@")[2].lower() for row in rows)
    return Groups(words.most_common(_SHOWN_GROUPS), domains.most_common(_SHOWN_GROUPS), len(rows))


def export(selection: Selection) -> Iterator[list[str]]:
    """Yield all that match as cells, a window at a time."""
    if selection.standing in (Standing.PREPARED, Standing.ACCEPTED):
        source = [
            Delivery.workspace_id == selection.workspace_id,
            Delivery.campaign_id == selection.campaign_id,
        ]
        only = [Delivery.state == DeliveryState(selection.standing.value), Delivery.attention.is_(None)]
    else:
        source, only = selection.in_standing(), selection.narrowing()
    last: UUID | None = None
    while True:
        begin = [Delivery.id > last] if last is not None else []
        ids = select(Delivery.id).where(*source, *begin).order_by(Delivery.id)
        end = db.session.scalar(ids.offset(_EXPORT_WINDOW - 1).limit(1))
        within = [Delivery.id <= end] if end is not None else []
        rows = db.session.execute(
            select(*_EXPORTED).where(*source, *only, *begin, *within).order_by(Delivery.id)
        )
        for row in rows.all():
            yield [
                row.email,
                selection.standing.value,
                row.skip_reason or "",
                str(row.attempt),
                row.reply,
                row.next_try_at.isoformat() if row.next_try_at else "",
                row.ended_at.isoformat() if row.ended_at else "",
            ]
        if end is None:
            return
        last = end


_EXPORTED: Final = (
    Delivery.email,
    Delivery.skip_reason,
    Delivery.attempt,
    Delivery.reply,
    Delivery.next_try_at,
    Delivery.ended_at,
)
