"""A campaign's opens and clicks by what its readers have in common, from sums that are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from babel import Locale, UnknownLocaleError
from sqlalchemy import func, select

from mailer.campaigns.models import Campaign
from mailer.db import db
from mailer.delivery.models import SendingSum
from mailer.rendering.locales import language_name
from mailer.tracking.facets import DELAYS, LATER
from mailer.tracking.models import Activity, Facet, FacetActivity

#: Beyond these, the rest is one line.
_MOST_PARTS: Final = 8
_BEHIND_PROXY: Final = {"proxy": "Behind a mail provider’s proxy"}
_DEVICES: Final = {"computer": "Computer", "phone": "Phone", "tablet": "Tablet", **_BEHIND_PROXY}


@dataclass(frozen=True)
class Part:
    """What people of one kind did; each counts under the kind of their first open and of their first click.

    :param accepted: how many of them have it; None where that cannot be known
    """

    name: str
    opened: int
    clicked: int
    accepted: int | None = None


@dataclass(frozen=True)
class Speed:
    """How soon people opened.

    :param steps: the end of each span in minutes, None for the last, and how many first opened in it
    """

    steps: Sequence[tuple[int | None, int]]

    @property
    def people(self) -> int:
        """How many opened, of those whose mail is known to have arrived."""
        return sum(number for _, number in self.steps)

    def within(self, minutes: int) -> int:
        """Return how many opened within so many minutes, which is the end of a span."""
        return sum(number for end, number in self.steps if end is not None and end <= minutes)

    @property
    def half_after(self) -> int | None:
        """Within how many minutes half of them had opened; None when that took longer than a week."""
        ends = (end for end, _ in self.steps if end is not None)
        return next((end for end in ends if self.people and 2 * self.within(end) >= self.people), None)


def breakdown(campaign: Campaign, facet: Facet) -> list[Part]:
    """Return what people of each kind did, the most numerous first."""
    found: dict[str, dict[Activity, int]] = {}
    for value, activity, people in db.session.execute(
        select(FacetActivity.value, FacetActivity.activity, FacetActivity.human_people).where(
            FacetActivity.campaign_id == campaign.id, FacetActivity.facet == facet
        )
    ):
        found.setdefault(value, {})[activity] = people
    accepted = accepted_by_provider(campaign) if facet is Facet.PROVIDER else {}
    parts = [
        Part(
            _name_of(facet, value),
            done.get(Activity.OPEN, 0),
            done.get(Activity.CLICK, 0),
            accepted.get(value, 0) if facet is Facet.PROVIDER else None,
        )
        for value, done in {**{name: {} for name in accepted}, **found}.items()
    ]
    parts = [part for part in parts if part.opened or part.clicked or part.accepted]
    parts.sort(key=lambda part: (part.accepted or 0, part.opened, part.clicked, part.name), reverse=True)
    return _shortened(parts)


def accepted_by_provider(campaign: Campaign) -> dict[str, int]:
    """Return how many mails each mailbox provider took."""
    rows = db.session.execute(
        select(SendingSum.provider, func.sum(SendingSum.accepted))
        .where(SendingSum.workspace_id == campaign.workspace_id, SendingSum.campaign_id == campaign.id)
        .group_by(SendingSum.provider)
    )
    return {provider: int(number) for provider, number in rows if number}


def speed_of(campaign: Campaign) -> Speed:
    """Return how soon after its arrival people first opened a campaign."""
    rows = db.session.execute(
        select(FacetActivity.value, FacetActivity.human_people).where(
            FacetActivity.campaign_id == campaign.id,
            FacetActivity.facet == Facet.DELAY,
            FacetActivity.activity == Activity.OPEN,
        )
    )
    found = {row.value: row.human_people for row in rows}
    return Speed([*((end, found.get(str(end), 0)) for end in DELAYS), (None, found.get(LATER, 0))])


def _shortened(parts: list[Part]) -> list[Part]:
    if len(parts) <= _MOST_PARTS:
        return parts
    rest = parts[_MOST_PARTS - 1 :]
    accepted = None if rest[0].accepted is None else sum(part.accepted or 0 for part in rest)
    others = Part(
        f"{len(rest)} others",
        sum(part.opened for part in rest),
        sum(part.clicked for part in rest),
        accepted,
    )
    return [*parts[: _MOST_PARTS - 1], others]


def _name_of(facet: Facet, value: str) -> str:
    if not value:
        return "Unknown"
    match facet:
        case Facet.COUNTRY:
            return _BEHIND_PROXY.get(value) or str(Locale("en").territories.get(value, value))
        case Facet.DEVICE:
            return _DEVICES.get(value, value)
        case Facet.LOCALE:
            try:
                return language_name(value)
            except (UnknownLocaleError, ValueError):
                return value
        case _:
            return value
