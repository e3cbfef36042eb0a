"""What a campaign's readers lack: values that its words need, a confirmation, themselves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, and_, case, exists, func, or_, select

from mailer.audience.models import Field, MailingList, OptIn, Subscriber, Subscription, SubscriptionStatus
from mailer.audience.queries.lists import counts_of
from mailer.campaigns.models import Campaign
from mailer.consent.models import Act, ConsentRecord
from mailer.db import db
from mailer.rendering.checks.findings import Finding, Severity, Where
from mailer.rendering.checks.mends import ANSWER, Mend, Replace
from mailer.rendering.checks.needed import needed
from mailer.rendering.design import Frozen
from mailer.rendering.language import FIELDS, names_in

#: As many are looked at as can be counted while somebody waits for the page.
_MOST_READERS: Final = 10_000
_MOST_CONFIRMED: Final = 1_000
_READER: Final = "subscriber."
#: What every subscriber has.
_PARTS: Final = ("subject", "preheader", "body", "text")
_ALWAYS: Final = frozenset({"subscriber.email"})


@dataclass(frozen=True)
class Holes:
    """What is missing among the readers that were looked at.

    :param missing: how many lack a value, by its name
    :param longest: characters of the longest value, by its name
    """

    readers: int
    missing: Mapping[str, int]
    longest: Mapping[str, int]


def values(campaign: Campaign, frozen: Frozen) -> Iterator[Finding]:
    """Yield what a message asks of its readers and some or all of them have not."""
    yield from _unknown_fields(campaign, frozen)
    yield from _missing_values(campaign, frozen)


def lists(campaign: Campaign) -> Iterator[Finding]:
    """Yield what is found in the lists that a campaign goes to."""
    counts = counts_of(campaign.lists)
    for one in campaign.lists:
        yield from _list(one, counts[one.id].active)


def holes(campaign: Campaign, names: Sequence[str]) -> Holes:
    """Return who of a campaign's readers lacks a value, among the first ten thousand."""
    members = _members(campaign.lists)
    columns: list[Any] = [func.count(Subscriber.id)]
    for name in names:
        value = _value(name)
        columns += [
            func.sum(case((or_(value.is_(None), value == ""), 1), else_=0)),
            func.max(func.length(value)),
        ]
    readers, *figures = db.session.execute(
        select(*columns).join(members, members.c.subscriber_id == Subscriber.id)
    ).one()
    numbers = [int(figure or 0) for figure in figures]
    return Holes(
        readers=int(readers),
        missing=dict(zip(names, numbers[::2], strict=True)),
        longest=dict(zip(names, numbers[1::2], strict=True)),
    )


def names_about_readers(frozen: Frozen) -> list[str]:
    """Return the names in a message that a subscriber's row answers, in a steady order."""
    return sorted(
        name
        for name in names_in(frozen.subject) | names_in(frozen.html) | names_in(frozen.text)
        if name.startswith(FIELDS) or name in _COLUMNS
    )


_COLUMNS: Final[Mapping[str, Any]] = {
    "subscriber.name": Subscriber.name,
    "subscriber.email": Subscriber.email,
    "subscriber.locale": Subscriber.locale,
    "subscriber.time_zone": Subscriber.time_zone,
}


def _value(name: str) -> ColumnElement[Any]:
    if name.startswith(FIELDS):
        value: ColumnElement[Any] = Subscriber.fields[name.removeprefix(FIELDS)].as_string()
        return value
    column: ColumnElement[Any] = _COLUMNS[name]
    return column


def _members(lists: Sequence[MailingList]) -> Subquery:
    return (
        select(Subscription.subscriber_id)
        .where(
            Subscription.list_id.in_([one.id for one in lists]),
            Subscription.status == SubscriptionStatus.ACTIVE,
        )
        .distinct()
        .limit(_MOST_READERS)
        .subquery()
    )


def _missing_values(campaign: Campaign, frozen: Frozen) -> Iterator[Finding]:
    wanted = needed(frozen.subject, frozen.html, frozen.text) & set(names_about_readers(frozen))
    names = sorted(wanted - _ALWAYS)
    known = _known_fields(campaign.workspace_id)
    names = [name for name in names if not name.startswith(FIELDS) or name.removeprefix(FIELDS) in known]
    if not names or not campaign.lists:
        return
    found = holes(campaign, names)
    for name in names:
        count = found.missing[name]
        if count:
            of = f"the first {found.readers:,}" if found.readers >= _MOST_READERS else f"{found.readers:,}"
            what = name.removeprefix(FIELDS).removeprefix(_READER).replace("_", " ")
            tag, better = f"{{{{ {name} }}}}", f"{{{{ {name} | default('{ANSWER}') }}}}"
            yield Finding(
                "data.missing",
                Severity.WARNING,
                f"{count:,} of {of} readers have no {what}.",
                f"They see a hole where {tag} stands. Say what stands there instead, such as "
                f"{{{{ {name} | default('friend') }}}}.",
                Where(_part_with(frozen, name), quote=tag),
                Mend(
                    "Give it a default",
                    tuple(Replace(part, tag, better) for part in _PARTS),
                    ask="What stands there for them",
                ),
            )


def _unknown_fields(campaign: Campaign, frozen: Frozen) -> Iterator[Finding]:
    known = _known_fields(campaign.workspace_id)
    for name in names_about_readers(frozen):
        key = name.removeprefix(FIELDS)
        if not name.startswith(FIELDS) or key in known:
            continue
        meant = next(iter(get_close_matches(key, known, n=1)), "")
        yield Finding(
            "data.unknown-field",
            Severity.ERROR if meant else Severity.WARNING,
            f"No subscriber has the field “{key}”{f'; did you mean “{meant}”?' if meant else '.'}",
            "Nothing, or the default, stands in its place for everybody.",
            Where(_part_with(frozen, name), quote=name),
            Mend(f"Write {meant}", tuple(Replace(part, name, f"{FIELDS}{meant}") for part in _PARTS))
            if meant
            else None,
        )


def _known_fields(workspace_id: UUID) -> set[str]:
    return set(db.session.scalars(select(Field.key).where(Field.workspace_id == workspace_id)))


def _part_with(frozen: Frozen, name: str) -> str:
    return "subject" if name in names_in(frozen.subject) else "body"


def _list(one: MailingList, active: int) -> Iterator[Finding]:
    where = Where("lists", quote=one.name)
    if not active:
        yield Finding(
            "data.empty-list",
            Severity.NOTICE,
            f"Nobody is on “{one.name}”.",
            "Perhaps another list was meant.",
            where,
        )
        return
    looked_at, confirmed = _confirmations(one.id)
    if not confirmed:
        is_double = one.opt_in is OptIn.DOUBLE
        yield Finding(
            "data.unconfirmed-list",
            Severity.WARNING if is_double else Severity.NOTICE,
            f"Nobody on “{one.name}” has confirmed their address.",
            "Lists without confirmation hold mistyped and stolen addresses; expect more bounces and "
            "complaints, and begin with a small part.",
            where,
        )
    elif confirmed < looked_at / 2:
        yield Finding(
            "data.unconfirmed-list",
            Severity.NOTICE,
            f"{1 - confirmed / looked_at:.0%} of the people on “{one.name}” never confirmed.",
            "Expect more bounces and complaints from them.",
            where,
        )


def _confirmations(list_id: UUID) -> tuple[int, int]:
    """Return how many of a list were looked at, and how many of those have confirmed."""
    some = (
        select(Subscription.subscriber_id)
        .where(Subscription.list_id == list_id, Subscription.status == SubscriptionStatus.ACTIVE)
        .limit(_MOST_CONFIRMED)
        .subquery()
    )
    has_confirmed = exists().where(
        and_(
            ConsentRecord.subscriber_id == some.c.subscriber_id,
            ConsentRecord.list_id == list_id,
            ConsentRecord.act == Act.CONFIRMED,
        )
    )
    looked_at, confirmed = db.session.execute(
        select(func.count(), func.sum(case((has_confirmed, 1), else_=0))).select_from(some)
    ).one()
    return int(looked_at), int(confirmed or 0)
