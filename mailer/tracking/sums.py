"""The sums that reports are read from, and what each delivery's events add to them.

Every change is a difference: what the events of some deliveries come to afterwards less
what they came to before. So the sums always equal the events, whether those are new, came
late, or are judged again.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite

from mailer.db import db
from mailer.tracking.models import (
    Activity,
    Facet,
    FacetActivity,
    HourlyActivity,
    LinkActivity,
    VerdictActivity,
)
from mailer.tracking.verdicts import Reason, Verdict


@dataclass(frozen=True, slots=True)
class Counted:
    """One event as sums see it.

    :param delivery_id: none when nobody in particular is counted
    """

    delivery_id: UUID | None
    campaign_id: UUID | None
    at: datetime
    link_number: int | None
    verdict: Verdict
    reason: Reason
    is_trap: bool = False
    facets: Sequence[str] = ()

    @property
    def activity(self) -> Activity:
        """What was done."""
        return Activity.OPEN if self.link_number is None else Activity.CLICK


#: total, people, human total, human people
_FIGURES: Final = ("total", "people", "human_total", "human_people")
_Rows = dict[tuple[Any, ...], list[int]]


def _no_figures() -> _Rows:
    return defaultdict(lambda: [0, 0, 0, 0])


@dataclass
class Sums:
    """What some events come to, by key of each table."""

    hours: _Rows = field(default_factory=_no_figures)
    links: _Rows = field(default_factory=_no_figures)
    verdicts: _Rows = field(default_factory=_no_figures)
    facets: _Rows = field(default_factory=_no_figures)

    @classmethod
    def of(cls, events: Iterable[Counted]) -> "Sums":
        """Return what events come to; every event of the deliveries they belong to has to be there."""
        sums = cls()
        seen: set[tuple[Any, ...]] = set()
        for event in sorted(events, key=lambda one: one.at):
            if event.campaign_id is None:
                continue
            person = (event.delivery_id, event.activity)
            hour = hour_of(event.at)
            sums._add(sums.hours[event.campaign_id, event.activity, hour], event, person, seen)
            for facet, value in zip(Facet, event.facets, strict=False):
                figures = sums.facets[event.campaign_id, event.activity, facet, value]
                sums._add(figures, event, (facet, *person), seen)
            sums.verdicts[event.campaign_id, event.activity, event.verdict, event.reason][0] += 1
            if event.link_number is not None and not event.is_trap:
                place = (event.delivery_id, event.link_number)
                sums._add(sums.links[event.campaign_id, event.link_number], event, place, seen)
        return sums

    def _add(self, figures: list[int], event: Counted, person: tuple[Any, ...], seen: set[Any]) -> None:
        is_human = event.verdict.is_human
        figures[0] += 1
        figures[2] += is_human
        if event.delivery_id is None:
            return
        figures[1] += person not in seen
        figures[3] += is_human and (*person, "human") not in seen
        seen.add(person)
        if is_human:
            seen.add((*person, "human"))

    def apply(self, *, instead_of: "Sums") -> None:
        """Write down the difference to what stood there for the same deliveries."""
        _write(HourlyActivity, ("campaign_id", "activity", "hour"), _FIGURES, self.hours, instead_of.hours)
        _write(LinkActivity, ("campaign_id", "link_number"), _FIGURES, self.links, instead_of.links)
        keys: tuple[str, ...] = ("campaign_id", "activity", "facet", "value")
        _write(FacetActivity, keys, _FIGURES, self.facets, instead_of.facets)
        keys = ("campaign_id", "activity", "verdict", "reason")
        _write(VerdictActivity, keys, _FIGURES[:1], self.verdicts, instead_of.verdicts)


def add_departures(campaign_id: UUID, moments: Iterable[datetime]) -> None:
    """Count those who left by a campaign's link, by when they did."""
    sums = Sums()
    for hour, people in Counter(map(hour_of, moments)).items():
        sums.hours[campaign_id, Activity.UNSUBSCRIBE, hour] = [people] * 4
    sums.apply(instead_of=Sums())


def hour_of(at: datetime) -> datetime:
    """Return the hour that a moment is in."""
    return at.replace(minute=0, second=0, microsecond=0)


def _write(
    model: Any, keys: tuple[str, ...], figures: tuple[str, ...], after: Mapping[Any, list[int]], before: Any
) -> None:
    nothing = [0, 0, 0, 0]
    rows = []
    # Always in the same order, so that two workers never wait for each other's rows.
    for key in sorted({*after, *before}):
        change = [
            new - old for new, old in zip(after.get(key, nothing), before.get(key, nothing), strict=True)
        ]
        if any(change):
            rows.append({**dict(zip(keys, key, strict=True)), **dict(zip(figures, change, strict=False))})
    if not rows:
        return
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(model.__table__)
    columns = model.__table__.c
    db.session.execute(
        insert.on_conflict_do_update(
            index_elements=list(keys),
            set_={figure: columns[figure] + insert.excluded[figure] for figure in figures},
        ),
        rows,
    )
