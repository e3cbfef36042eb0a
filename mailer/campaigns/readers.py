"""What a draft lacks for its readers: filled in for some of them, before anybody gets it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from secrets import randbelow
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from mailer.audience.models import Subscriber, Subscription, SubscriptionStatus
from mailer.audience.queries.subscribers import subscriber_by_id
from mailer.campaigns.models import Campaign
from mailer.campaigns.words import design_of
from mailer.composing.preview import SAMPLE_READER, fill_in, shared_values
from mailer.db import db
from mailer.delivery.compose import merge_values
from mailer.delivery.readers import RARE_NAMES, more_about
from mailer.errors import Invalid
from mailer.rendering.design import Frozen
from mailer.rendering.freeze import freeze
from mailer.rendering.language import names_in

SAMPLED: Final = 50
#: Where in the audience the sample is drawn from: so many places, by chance.
_PLACES: Final = 10


@dataclass(frozen=True)
class Gap:
    """A value that some of them have not.

    :param examples: a few who have none
    """

    name: str
    count: int
    examples: list[Subscriber]


@dataclass
class Sample:
    """What became of the draft for some of its readers, chosen by chance.

    :param failures: why it cannot be filled in for one, with the first whom it concerns
    """

    looked_at: int = 0
    gaps: list[Gap] = field(default_factory=list)
    failures: dict[str, Subscriber] = field(default_factory=dict)


def values_of_reader(workspace_id: UUID, subscriber_id: str | None) -> Mapping[str, Any]:
    """Return the merge values of a subscriber, or of a sample when none is named.

    :raises NotFound: they are not the workspace's
    """
    if not subscriber_id:
        return SAMPLE_READER
    person = subscriber_by_id(workspace_id, subscriber_id)
    return {**merge_values(person, person.email), **more_about(person)}


def through_readers(campaign: Campaign, *, size: int = SAMPLED, locale: str = "") -> Sample:
    """Fill a draft in for readers of its lists, and return what is missing and for how many.

    :param locale: in which of its languages; empty for its own words
    :raises Invalid: with what is wrong in the draft, and where
    """
    frozen = freeze(design_of(campaign.words_in(locale)))
    names = frozenset().union(*map(names_in, (frozen.subject, frozen.html, frozen.text)))
    asked = sorted(name for name in names if name.startswith("subscriber."))
    shared = shared_values(campaign.name, campaign.workspace)
    sample = Sample()
    lacking: Counter[str] = Counter()
    examples: dict[str, list[Subscriber]] = {name: [] for name in asked}
    for person in _some_readers(campaign, size):
        values = merge_values(person, person.email)
        if names & RARE_NAMES:
            values |= more_about(person)
        sample.looked_at += 1
        for name in asked:
            if _is_empty(values, name):
                lacking[name] += 1
                examples[name] = [*examples[name], person][:3]
        _try(frozen, shared, values, sample, person)
    sample.gaps = [Gap(name, count, examples[name]) for name, count in lacking.most_common()]
    return sample


def _try(
    frozen: Frozen, shared: Mapping[str, Any], values: Mapping[str, Any], sample: Sample, person: Subscriber
) -> None:
    try:
        fill_in(frozen, shared, values)
    except Invalid as error:
        sample.failures.setdefault(error.message, person)


def _is_empty(values: Mapping[str, Any], name: str) -> bool:
    found: Any = values
    for key in name.split(".")[1:]:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found is None or found in ("", [])


def _some_readers(campaign: Campaign, size: int) -> Iterator[Subscriber]:
    """Yield readers of the campaign's lists, from places in the audience that are chosen by chance.

    A number between the first id and the last finds a place by the index, however large the
    audience is; a random order would read all of it.
    """
    members = (
        select(Subscription.subscriber_id)
        .where(
            Subscription.list_id.in_([one.id for one in campaign.lists]),
            Subscription.status == SubscriptionStatus.ACTIVE,
        )
        .distinct()
    )
    ids: dict[UUID, None] = {}
    for place in [*_places(members), UUID(int=0)]:
        wanted = size - len(ids) if place.int == 0 else -(-size // _PLACES)
        query = members.where(Subscription.subscriber_id >= place)
        for found in db.session.scalars(query.order_by(Subscription.subscriber_id).limit(wanted + len(ids))):
            if len(ids) < size:
                ids[found] = None
    people = db.session.scalars(select(Subscriber).where(Subscriber.id.in_(ids)))
    yield from sorted(people, key=lambda person: person.email_key)


def _places(members: Select[UUID]) -> list[UUID]:
    id_ = Subscription.subscriber_id
    first = db.session.scalar(members.order_by(id_).limit(1))
    last = db.session.scalar(members.order_by(id_.desc()).limit(1))
    if first is None or last is None:
        return []
    return [UUID(int=first.int + randbelow(last.int - first.int + 1)) for _ in range(_PLACES)]
