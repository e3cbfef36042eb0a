"""From a tree of conditions to one expression on ``Subscriber``; every value is bound.

Each condition that asks about other tables is an EXISTS or an IN that stands on its own,
which both databases turn into a join of the two sets; none is asked row by row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Float,
    LargeBinary,
    and_,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    type_coerce,
)

from mailer.audience import queries as audience
from mailer.audience.models import (
    FieldType,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionStatus,
    Tag,
    subscriber_tags,
)
from mailer.consent.models import Channel, ConsentRecord, Suppression, SuppressionReason
from mailer.db import db
from mailer.delivery.models import Delivery, DeliveryState, Message
from mailer.errors import Invalid
from mailer.lib.ids import parse_id
from mailer.segments.conditions import (
    Condition,
    Consented,
    Deed,
    Detail,
    DetailIs,
    Did,
    FieldIs,
    Group,
    HasTag,
    InSegment,
    IsSuppressed,
    Match,
    OnList,
    Place,
    Sample,
    Test,
)
from mailer.segments.models import Segment
from mailer.tracking.models import Click
from mailer.tracking.verdicts import HUMAN_VERDICTS

Clause = ColumnElement[bool]
_SAMPLE_RANGE: Final = 256**2


@dataclass(frozen=True)
class Asked:
    """What a tree is asked about, and when.

    :param fields: the type of each of the workspace's fields, by key
    :param inside: the segments that led here, so that none holds itself
    """

    workspace_id: UUID
    now: datetime
    fields: Mapping[str, FieldType]
    inside: tuple[UUID, ...] = ()

    @classmethod
    def of(cls, workspace_id: UUID, *, now: datetime, inside: tuple[UUID, ...] = ()) -> "Asked":
        """Return what a tree of a workspace is asked about."""
        fields = {field.key: field.type for field in audience.fields_of(workspace_id)}
        return cls(workspace_id, now, fields, inside)

    def since(self, days: int) -> datetime:
        """Return when so many days ago was."""
        return self.now - timedelta(days=days)

    @property
    def is_sqlite(self) -> bool:
        """Whether the words of SQLite are needed."""
        return db.session.get_bind().dialect.name == "sqlite"


def clause_of(condition: Condition, asked: Asked) -> Clause:
    """Return a condition as an expression on ``Subscriber``.

    :raises Invalid: a value does not fit, or something that it names is gone
    """
    return _CLAUSES[type(condition)](condition, asked)


def _group(group: Group, asked: Asked) -> Clause:
    clauses = [clause_of(condition, asked) for condition in group.conditions]
    if group.match is Match.ANY:
        return or_(*clauses) if clauses else true()
    if group.match is Match.NONE:
        return not_(or_(*clauses)) if clauses else true()
    return and_(true(), *clauses)


def _detail(condition: DetailIs, asked: Asked) -> Clause:
    test, value = condition.test, condition.value.strip()
    match condition.detail:
        case Detail.ADDED:
            return _moment(Subscriber.created_at, test, value, asked)
        case Detail.EMAIL:
            return _text(Subscriber.email_key, test, value.casefold())
        case Detail.DOMAIN:
            # Behind the @, which a key has exactly once at its end.
            clause = Subscriber.email_key.endswith(f"@{value.casefold()}", autoescape=True)
            return not_(clause) if test is Test.IS_NOT else clause
        case Detail.NAME:
            return _text(Subscriber.name_key, test, func.lower(value), empty=value == "")
        case Detail.LOCALE:
            return _text(func.lower(Subscriber.locale), test, value.lower())
        case Detail.TIME_ZONE:
            return _text(func.lower(Subscriber.time_zone), test, value.lower())
    raise AssertionError(condition.detail)


def _field(condition: FieldIs, asked: Asked) -> Clause:
    kind = asked.fields.get(condition.field)
    if kind is None:
        raise Invalid(f"There is no field “{condition.field}” any more.")
    test, value = condition.test, condition.value.strip()
    kept = Subscriber.fields[condition.field]
    text = func.coalesce(kept.as_string(), "")
    if test in {Test.EMPTY, Test.FILLED}:
        return text == "" if test is Test.EMPTY else text != ""
    match kind:
        case FieldType.NUMBER:
            return _number(kept, test, value)
        case FieldType.DATE:
            return _date(text, test, value, asked)
        case FieldType.BOOLEAN:
            # SQLite reads true out of JSON as 1.
            yes = text.in_(("1", "true"))
            return yes if value.casefold() != "no" else not_(yes)
    return _text(func.lower(text), test, func.lower(value), empty=value == "")


def _text(column: Any, test: Test, value: Any, *, empty: bool = False) -> Clause:
    if test is Test.EMPTY:
        return column == ""
    if test is Test.FILLED:
        return column != ""
    if empty:
        raise Invalid("Write what it is compared with.")
    match test:
        case Test.IS:
            return column == value
        case Test.IS_NOT:
            return column != value
        case Test.CONTAINS:
            return func.instr(column, value) > 0 if _is_sqlite() else func.strpos(column, value) > 0
        case Test.BEGINS:
            return func.substr(column, 1, func.length(value)) == value
    raise Invalid("A text is compared with is, is not, contains or begins.")


def _number(kept: Any, test: Test, value: str) -> Clause:
    try:
        wanted = float(value.replace(",", "."))
    except ValueError:
        raise Invalid(f"“{value[:40]}” is not a number.") from None
    number = cast(kept.as_string(), Float)
    is_there = kept.as_string().is_not(None)
    match test:
        case Test.IS:
            return and_(is_there, number == wanted)
        case Test.IS_NOT:
            return or_(not_(is_there), number != wanted)
        case Test.LESS:
            return and_(is_there, number < wanted)
        case Test.MORE:
            return and_(is_there, number > wanted)
    raise Invalid("A number is compared with is, is not, less or more.")


def _date(text: Any, test: Test, value: str, asked: Asked) -> Clause:
    """Compare days kept as ``YYYY-MM-DD``, whose order is that of their text."""
    today = asked.now.astimezone(UTC).date()
    if test in {Test.IN_LAST, Test.IN_NEXT, Test.ANNIVERSARY}:
        days = _days(value)
        if test is Test.IN_LAST:
            return text.between(str(today - timedelta(days=days)), str(today))
        if test is Test.IN_NEXT:
            return text.between(str(today), str(today + timedelta(days=days)))
        coming = {f"{today + timedelta(days=ahead):%m-%d}" for ahead in range(min(days, 366) + 1)}
        # Who was born on the 29th of February celebrates on the 28th where there is none.
        if "02-28" in coming and not _is_leap(today):
            coming.add("02-29")
        return func.substr(text, 6, 5).in_(sorted(coming))
    day = str(_day(value))
    match test:
        case Test.IS:
            return text == day
        case Test.IS_NOT:
            return text != day
        case Test.BEFORE:
            return and_(text != "", text < day)
        case Test.AFTER:
            return text > day
    raise Invalid("A date is compared with is, before, after or a number of days.")


def _moment(column: Any, test: Test, value: str, asked: Asked) -> Clause:
    if test is Test.IN_LAST:
        return column >= asked.since(_days(value))
    day = datetime.combine(_day(value), datetime.min.time(), UTC)
    match test:
        case Test.BEFORE:
            return column < day
        case Test.AFTER:
            return column >= day + timedelta(days=1)
        case Test.IS:
            return and_(column >= day, column < day + timedelta(days=1))
    raise Invalid("A time is compared with before, after or a number of days.")


def _tag(condition: HasTag, asked: Asked) -> Clause:
    tag_id = _owned(Tag, condition.tag, asked)
    clause = exists().where(
        subscriber_tags.c.subscriber_id == Subscriber.id, subscriber_tags.c.tag_id == tag_id
    )
    return clause if condition.has else not_(clause)


def _list(condition: OnList, asked: Asked) -> Clause:
    where = [
        Subscription.subscriber_id == Subscriber.id,
        Subscription.list_id == _owned(MailingList, condition.list, asked),
    ]
    if condition.place is Place.NEVER:
        return not_(exists().where(*where))
    where.append(Subscription.status == SubscriptionStatus(condition.place.value))
    if condition.within_days is not None:
        when = {
            Place.ACTIVE: Subscription.started_at,
            Place.PENDING: Subscription.created_at,
            Place.UNSUBSCRIBED: Subscription.ended_at,
        }[condition.place]
        where.append(when >= asked.since(condition.within_days))
    return exists().where(*where)


def _consent(condition: Consented, asked: Asked) -> Clause:
    where = [ConsentRecord.subscriber_id == Subscriber.id, ConsentRecord.via == Channel(condition.via)]
    if condition.within_days is not None:
        where.append(ConsentRecord.created_at >= asked.since(condition.within_days))
    return exists().where(*where)


def _did(condition: Did, asked: Asked) -> Clause:
    people = _doers(condition, asked)
    is_few = condition.count == "at_most"
    if (condition.times, is_few) in {(1, False), (0, True)}:
        # Whether at all: nothing is counted.
        clause = people.where(Delivery.subscriber_id == Subscriber.id).exists()
        return not_(clause) if is_few else clause
    if condition.times == 0:
        return true()
    least = condition.times + 1 if is_few else condition.times
    many = people.group_by(Delivery.subscriber_id).having(func.count(Delivery.id.distinct()) >= least)
    return Subscriber.id.not_in(_known(many)) if is_few else Subscriber.id.in_(many)


def _doers(condition: Did, asked: Asked) -> Any:
    """Return the select of the deliveries' subscribers that a deed is asked of."""
    query = select(Delivery.subscriber_id).where(Delivery.workspace_id == asked.workspace_id)
    at: Any = Delivery.created_at
    match condition.deed:
        case Deed.RECEIVED:
            query = query.where(Delivery.state == DeliveryState.ACCEPTED)
        case Deed.BOUNCED:
            query = query.where(Delivery.state == DeliveryState.REJECTED)
        case Deed.OPENED:
            # The first by a human, which the delivery itself keeps.
            at = Delivery.human_opened_at
            query = query.where(at.is_not(None))
        case Deed.CLICKED if condition.link.strip():
            at = Click.at
            query = query.join(Click, Click.delivery_id == Delivery.id).where(
                Click.workspace_id == asked.workspace_id,
                Click.verdict.in_(HUMAN_VERDICTS),
                _followed(condition.link.strip()),
            )
        case Deed.CLICKED:
            at = Delivery.human_clicked_at
            query = query.where(at.is_not(None))
    if condition.within_days is not None:
        query = query.where(at >= asked.since(condition.within_days))
    if condition.campaign is not None:
        return query.where(Delivery.campaign_id == parse_id("cmp", condition.campaign))
    return query.where(Delivery.campaign_id.is_not(None))


def _followed(words: str) -> Clause:
    """Ask whether the link that was followed holds some words, of the message's numbered links."""
    if _is_sqlite():
        address = func.json_extract(Message.links, func.printf("$[%d]", Click.link_number - 1))
        held = func.instr(func.lower(address), words.lower()) > 0
    else:
        address = Message.links[Click.link_number - 1].as_string()
        held = func.strpos(func.lower(address), words.lower()) > 0
    return exists().where(Message.id == Delivery.message_id, held)


def _known(query: Any) -> Any:
    # NOT IN holds of nobody as soon as one of the others is NULL: a subscriber who was erased.
    return query.where(Delivery.subscriber_id.is_not(None))


def _suppressed(condition: IsSuppressed, asked: Asked) -> Clause:
    where = [
        Suppression.workspace_id == asked.workspace_id,
        Suppression.email_key == Subscriber.email_key,
    ]
    if condition.reason != "any":
        where.append(Suppression.reason == SuppressionReason(condition.reason))
    return exists().where(*where)


def _segment(condition: InSegment, asked: Asked) -> Clause:
    segment_id = _owned(Segment, condition.segment, asked)
    if segment_id in asked.inside:
        raise Invalid("A segment cannot hold itself, not even by way of another.")
    if len(asked.inside) >= 5:
        raise Invalid("Segments stand in segments five deep at most.")
    segment = db.session.get_one(Segment, segment_id)
    deeper = Asked(asked.workspace_id, asked.now, asked.fields, (*asked.inside, segment_id))
    clause = clause_of(segment.tree, deeper)
    return clause if condition.is_in else not_(clause)


def _sample(condition: Sample, asked: Asked) -> Clause:
    """Choose by the last bytes of the id, which are random (RFC 9562 5.7) and never change."""
    bound = int(condition.percent / 100 * _SAMPLE_RANGE)
    if bound >= _SAMPLE_RANGE:
        return true()
    edge = literal(bound.to_bytes(2), LargeBinary)
    if asked.is_sqlite:
        return type_coerce(func.substr(Subscriber.id, 15, 2), LargeBinary) < edge
    return type_coerce(func.substr(func.uuid_send(Subscriber.id), 15, 2), LargeBinary) < edge


def _owned(model: Any, public_id: str, asked: Asked) -> UUID:
    found = db.session.scalar(
        select(model.id).where(
            model.workspace_id == asked.workspace_id, model.id == parse_id(model.prefix, public_id)
        )
    )
    if found is None:
        what = {MailingList: "list", Tag: "tag", Segment: "segment"}[model]
        raise Invalid(f"A {what} that is asked about is gone; choose another.")
    identifier: UUID = found
    return identifier


def _days(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 3650:
        raise Invalid("Write a number of days, 1 to 3650.")
    return int(value)


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Invalid(f"“{value[:40]}” is not a date; write it like 2026-05-31.") from None


def _is_leap(day: date) -> bool:
    return day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)


def _is_sqlite() -> bool:
    return db.session.get_bind().dialect.name == "sqlite"


_CLAUSES: Final[dict[type, Callable[[Any, Asked], Clause]]] = {
    Group: _group,
    DetailIs: _detail,
    FieldIs: _field,
    HasTag: _tag,
    OnList: _list,
    Consented: _consent,
    Did: _did,
    IsSuppressed: _suppressed,
    InSegment: _segment,
    Sample: _sample,
}
