"""What we know of a subscriber: saved by address, edited."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from sqlalchemy.exc import IntegrityError

from mailer import signals
from mailer.audience.external_ids import clean_external_id, give_external_id, subscriber_meant
from mailer.audience.fields import clean_fields, defaults_of, known_values
from mailer.audience.models import AddressChange, Subscriber
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.audience.queries.subscribers import subscriber_by_email
from mailer.audience.tags import add_tags
from mailer.db import db, insert_missing
from mailer.errors import Invalid
from mailer.lib.addresses import address_key, clean_address
from mailer.lib.ids import uuid7
from mailer.lib.lines import clean_line


def save_subscriber(
    workspace_id: UUID,
    email: str,
    *,
    external_id: str | None = None,
    name: str | None = None,
    locale: str | None = None,
    time_zone: str | None = None,
    fields: Mapping[str, Any] | None = None,
    tags: Iterable[str] | None = None,
) -> tuple[Subscriber, bool]:
    """Make the subscriber with an address, or update the one there is.

    A known external id says who is meant, and a different address is then their new one;
    an unknown one is given to whoever has the address.

    What is left out stays as it is; fields and tags join those that are there. Who is new
    has the fields' defaults besides. Says nothing about lists: whether someone is mailed is
    consent's.

    :param fields: by key; None or an empty text forgets the value
    :return: the subscriber, and whether they are new
    :raises Invalid: with what is wrong by field
    :raises Conflict: external id and address are of two people, or this person has another external id
    """
    email, external_id = clean_address(email), clean_external_id(external_id)
    details = clean_details(workspace_id, name=name, locale=locale, time_zone=time_zone, fields=fields)
    values = details.pop("fields", None)
    subscriber = subscriber_meant(workspace_id, email, external_id)
    is_new = False
    if subscriber is None:
        is_new = _add(workspace_id, email, external_id)
        subscriber = subscriber_meant(workspace_id, email, external_id)
        assert subscriber is not None
    if external_id is not None:
        if subscriber.external_id is None:
            give_external_id(subscriber, external_id)
        if subscriber.email_key != address_key(email):
            change_address(subscriber, email)
    for attribute, value in details.items():
        if getattr(subscriber, attribute) != value:
            setattr(subscriber, attribute, value)
    if values:
        # An empty input says nothing of somebody new, and their default stays.
        said = known_values(values) if is_new else values
        subscriber.fields = merged_fields(subscriber.fields, said)
    db.session.flush()
    if tags:
        add_tags(subscriber, tags)
    signals.subscriber_saved.send(subscriber, is_new=is_new)
    return subscriber, is_new


def _add(workspace_id: UUID, email: str, external_id: str | None) -> bool:
    """Add a subscriber; return whether nobody else did.

    Two requests may save one new address at once; the second finds the first's row.
    """
    row = {
        "id": uuid7(),
        "workspace_id": workspace_id,
        "email": email,
        "email_key": address_key(email),
        "external_id": external_id,
        "fields": defaults_of(fields_of(workspace_id)),
    }
    return bool(insert_missing(Subscriber, [row], returning=Subscriber.id))


def change_address(subscriber: Subscriber, email: str, *, actor_id: UUID | None = None) -> None:
    """Move a subscriber to another address, and keep which one it was.

    Their history stays theirs; a suppression is of an address, and stays with the old one.

    :raises Invalid: it is no address, or somebody else's
    """
    email = clean_address(email)
    if subscriber.email == email:
        return
    # To write that it changed shares a lock on the row, and two who then change it wait for each other.
    db.session.refresh(subscriber, ["email"], with_for_update=True)
    other = subscriber_by_email(subscriber.workspace_id, email)
    if other is not None and other.id != subscriber.id:
        raise _address_taken()
    before = subscriber.email
    if before == email:
        return
    try:
        with db.session.begin_nested():
            subscriber.change_address(email)
    except IntegrityError:
        raise _address_taken() from None
    db.session.add(
        AddressChange(
            workspace_id=subscriber.workspace_id,
            subscriber_id=subscriber.id,
            before=before,
            actor_id=actor_id,
        )
    )


def _address_taken() -> Invalid:
    sentence = "Another subscriber has this address."
    return Invalid(sentence, fields={"email": sentence})


def edit_subscriber(
    subscriber: Subscriber, *, name: str, locale: str, time_zone: str, fields: Mapping[str, Any]
) -> None:
    """Change what we know of a subscriber.

    :raises Invalid: with what is wrong by field
    """
    details = clean_details(
        subscriber.workspace_id, name=name, locale=locale, time_zone=time_zone, fields=fields
    )
    values = details.pop("fields", {})
    for attribute, value in details.items():
        setattr(subscriber, attribute, value)
    subscriber.fields = merged_fields(subscriber.fields, values)
    db.session.flush()
    signals.subscriber_saved.send(subscriber, is_new=False)


def clean_details(
    workspace_id: UUID,
    *,
    name: str | None = None,
    locale: str | None = None,
    time_zone: str | None = None,
    fields: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what is given of a subscriber as we keep it; what is left out is left out.

    :raises Invalid: with what is wrong by field
    """
    details: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    cleaners = (
        ("name", name, _clean_name),
        ("locale", locale, clean_locale),
        ("time_zone", time_zone, clean_zone),
    )
    for key, value, clean in cleaners:
        if value is None:
            continue
        try:
            details[key] = clean(value)
        except Invalid as error:
            wrong[key] = error.message
    if fields:
        try:
            details["fields"] = clean_fields(fields_of(workspace_id), fields)
        except Invalid as error:
            wrong.update(error.fields)
    if wrong:
        raise Invalid(next(iter(wrong.values())), fields=wrong)
    return details


def merged_fields(known: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return known values with the given ones over them; None forgets one."""
    return known_values({**known, **given})


def clean_locale(text: str) -> str:
    """Return a language tag such as ``de`` or ``pt-BR``, or nothing for nothing.

    :raises Invalid: no such language is known
    """
    tag = text.strip().replace("_", "-")
    if not tag:
        return ""
    if len(tag) > 20 or not _is_locale(tag):
        raise Invalid(f"“{tag[:40]}” is not a language we know; write it like de or pt-BR.")
    return tag


def clean_zone(text: str) -> str:
    """Return the name of a time zone such as ``Europe/Lisbon``, or nothing for nothing.

    :raises Invalid: no such zone is known
    """
    zone = text.strip()
    if zone and zone not in _zones():
        raise Invalid(f"“{zone[:40]}” is not a time zone; write it like Europe/Lisbon.")
    return zone


def _clean_name(text: str) -> str:
    return clean_line(text, label="The name", longest=200)


@cache
def _is_locale(tag: str) -> bool:
    try:
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError, TypeError):
        return False
    return True


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
