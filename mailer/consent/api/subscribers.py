"""Subscribers saved by address or external id, one or many, and put on lists by the rules of consent."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from flask import g
from pydantic import Field

from mailer.api.idempotency import idempotent
from mailer.api.schemas import Address, ExternalId, FieldValue, Given, Line, ListId, Shown, also_answers
from mailer.audience.models import Subscriber
from mailer.audience.queries.lists import lists_by_ids
from mailer.audience.representation import SubscriberShown, shown_subscribers
from mailer.consent.api.frame import bp, evidence_of_call
from mailer.consent.register import register
from mailer.db import db
from mailer.errors import MailerError
from mailer.lib.clock import utcnow
from mailer.web.problems import STATUS

_MOST_LISTS = 50
_MOST_FIELDS = 100
_MOST_AT_ONCE = 500

TagName = Annotated[Line, Field(max_length=60, pattern="^[^,]*$")]


class NewSubscriber(Given):
    """A subscriber to be saved; what is left out of one that is known stays as it is."""

    email: Address
    external_id: ExternalId | None = Field(
        None,
        description="What your programs call them. A known one says who is meant, and a different email is "
        "their new address; an unknown one is given to whoever has the address.",
    )
    name: Line | None = Field(None, max_length=200)
    locale: Line | None = Field(None, max_length=20, examples=["pt-BR"])
    time_zone: Line | None = Field(None, max_length=64, examples=["Europe/Lisbon"])
    fields: dict[Line, FieldValue] = Field(
        {}, max_length=_MOST_FIELDS, description="Values by key; null forgets one, a new key makes a field."
    )
    tags: list[TagName] = Field([], max_length=50)
    lists: list[ListId] = Field([], max_length=_MOST_LISTS, description="Lists to join.")
    status: Literal["active", "pending"] = Field(
        "pending",
        description="“active”: you answer for this person’s consent, and no confirmation is asked for. "
        "“pending”: a list with double opt-in asks them by mail first.",
    )


class NewSubscribers(Given):
    """Up to 500 subscribers to be saved."""

    subscribers: list[NewSubscriber] = Field(min_length=1, max_length=_MOST_AT_ONCE)
    mode: Literal["permissive", "strict"] = Field(
        "permissive",
        description="“permissive”: what can be saved is. “strict”: all of them, or none and an error.",
    )


class SavedShown(Shown):
    """What became of one of many: the subscriber, or why not."""

    status: int = Field(description="201 new, 200 updated, or the status of the error.")
    subscriber: SubscriberShown | None
    message: str = Field(description="What was wrong; empty when nothing was.")
    errors: dict[str, str] = Field(description="What was wrong by field.")


class SavedList(Shown):
    """What became of each, in the order in which they were given."""

    object: Literal["list"] = "list"
    data: list[SavedShown]


@bp.post("/subscribers", endpoint="save_subscriber")
@idempotent
@bp.input(NewSubscriber)
@bp.output(SubscriberShown, status_code=201, description="A new subscriber.")
@bp.doc(responses=also_answers(200, "SubscriberShown", "A known subscriber was updated."))
def post_subscriber(json_data: NewSubscriber) -> tuple[SubscriberShown, int]:
    """Save a subscriber by address or external id.

    A known address is updated and never re-subscribed: who left a list comes back only
    by an act of their own.

    With an `external_id` that is known, that subscriber is meant, and a different `email`
    becomes their address: a suppression stays with the old one, places on lists stay theirs.
    One that is unknown is given to whoever has the address. 409 when external id and address
    are of two people (merge them, or leave out the external id), or when this person has
    another external id (PATCH changes it).
    """
    subscriber, is_new = _save(json_data)
    return shown_subscribers([subscriber])[0], 201 if is_new else 200


@bp.post("/subscribers/batch", endpoint="save_subscribers")
@idempotent
@bp.input(NewSubscribers)
@bp.output(SavedList)
def post_subscribers(json_data: NewSubscribers) -> SavedList:
    """Save up to 500 subscribers by address or external id, with an answer for each, in order.

    The rules are those of saving one; what conflicts has the status 409 and says how to mend it.
    """
    saved = [_tried(one, is_strict=json_data.mode == "strict") for one in json_data.subscribers]
    return SavedList(data=_shown(saved))


def _save(given: NewSubscriber) -> tuple[Subscriber, bool]:
    return register(
        g.workspace.id,
        given.email,
        details=given.model_dump(include={"external_id", "name", "locale", "time_zone", "fields", "tags"}),
        lists=lists_by_ids(g.workspace.id, given.lists),
        evidence=evidence_of_call(f"sent status “{given.status}”."),
        now=utcnow(),
        is_confirmed=given.status == "active",
    )


def _tried(given: NewSubscriber, *, is_strict: bool) -> tuple[Subscriber, bool] | MailerError:
    try:
        with db.session.begin_nested():
            return _save(given)
    except MailerError as error:
        if is_strict:
            raise
        return error


def _shown(saved: Sequence[tuple[Subscriber, bool] | MailerError]) -> list[SavedShown]:
    people = list({one[0].id: one[0] for one in saved if not isinstance(one, MailerError)}.values())
    shown: dict[Any, SubscriberShown] = {
        person.id: one for person, one in zip(people, shown_subscribers(people), strict=True)
    }
    return [
        SavedShown(status=STATUS[type(one)], subscriber=None, message=one.message, errors=one.fields)
        if isinstance(one, MailerError)
        else SavedShown(status=201 if one[1] else 200, subscriber=shown[one[0].id], message="", errors={})
        for one in saved
    ]
