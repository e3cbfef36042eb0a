"""Who else opened and clicked from the same networks: what crowds are told by."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, and_, or_, select

from mailer.db import db
from mailer.delivery.models import Delivery, DeliveryState
from mailer.tracking.crowds import CROWD, NEIGHBOURHOOD, crowds, hasty, is_hasty
from mailer.tracking.models import Click, Open
from mailer.tracking.verdicts import Seen, Verdict, first_look

#: Crowds are looked for around so many networks in one question.
_NETWORKS_AT_ONCE: Final = 200


def company_of(seen: Sequence[Seen], arrivals: Mapping[UUID, datetime]) -> tuple[set[UUID], set[UUID]]:
    """Return what belongs to crowds around some events, and whose of it was taken for people's until now.

    :param arrivals: when the deliveries of these events arrived
    :return: ids of events, and ids of deliveries that are to be judged again as well
    """
    own = {one.delivery_id for one in seen}
    crowded: set[UUID] = set()
    strangers: set[UUID] = set()
    for found, nearby in (_at_once(seen), _in_haste(seen, arrivals)):
        crowded |= found
        strangers |= {nearby[one].delivery_id for one in found if nearby[one].verdict.is_human}
    return crowded, strangers - own


def _at_once(seen: Sequence[Seen]) -> tuple[set[UUID], dict[UUID, Row[Any]]]:
    """Return what came from one network for many readers at the same moment."""
    nearby: dict[UUID, Row[Any]] = {}
    for model in (Open, Click):
        question = _columns(model).where(model.verdict != Verdict.PROXY)
        nearby |= {row.id: row for row in _near(model, question, seen, margin=CROWD)}
    return crowds(map(_seen, nearby.values())), nearby


def _in_haste(
    seen: Sequence[Seen], arrivals: Mapping[UUID, datetime]
) -> tuple[set[UUID], dict[UUID, Row[Any]]]:
    """Return what came from networks where everybody clicks as soon as a mail is there."""
    quick = [
        one
        for one in seen
        if one.link_number is not None
        and is_hasty(one, arrivals.get(one.delivery_id))
        and first_look(one.user_agent)[0].is_human
    ]
    question = (
        _columns(Click)
        .add_columns(Delivery.ended_at)
        .join(Delivery, Delivery.id == Click.delivery_id)
        .where(Delivery.state == DeliveryState.ACCEPTED, Delivery.ended_at.is_not(None))
    )
    nearby = {row.id: row for row in _near(Click, question, quick, margin=NEIGHBOURHOOD)}
    arrived = {row.delivery_id: row.ended_at for row in nearby.values()}
    return hasty(map(_seen, nearby.values()), arrived), nearby


def _columns(model: Any) -> Select[Any]:
    return select(model.id, model.delivery_id, model.at, model.user_agent, model.network, model.verdict)


def _near(
    model: Any, question: Select[Any], seen: Iterable[Seen], *, margin: timedelta
) -> Iterator[Row[Any]]:
    """Yield what a question finds in the networks of some events, around their times."""
    times: dict[str, list[datetime]] = defaultdict(list)
    for one in seen:
        if one.network:
            times[one.network].append(one.at)
    names = sorted(times)
    for start in range(0, len(names), _NETWORKS_AT_ONCE):
        around = [
            and_(
                model.network == name,
                model.at.between(min(times[name]) - margin, max(times[name]) + margin),
            )
            for name in names[start : start + _NETWORKS_AT_ONCE]
        ]
        yield from db.session.execute(question.where(or_(*around)))


def _seen(row: Row[Any]) -> Seen:
    return Seen(row.id, row.delivery_id, row.at, None, row.user_agent, row.network)
