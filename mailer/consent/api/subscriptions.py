"""A subscriber's places on lists for programs: joined, left, and the proof of each."""

from typing import Any, Literal

from flask import g
from pydantic import AwareDatetime, Field

from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Given, Line, ListId, Shown, list_of
from mailer.audience.models import MailingList
from mailer.audience.queries.lists import lists_by_ids
from mailer.audience.queries.subscribers import subscriber_by_id
from mailer.audience.representation import SubscriberShown, shown_subscribers
from mailer.consent.api.frame import bp, evidence_of_call
from mailer.consent.models import Act, Channel, ConsentRecord
from mailer.consent.queries import consent_of
from mailer.consent.subscribe import subscribe
from mailer.consent.unsubscribe import leave
from mailer.lib.clock import utcnow
from mailer.lib.ids import public_id


class Joining(Given):
    """Lists that a subscriber joins."""

    lists: list[ListId] = Field(min_length=1, max_length=50)
    status: Literal["active", "pending"] = Field(
        "pending",
        description="“active”: you answer for this person’s consent. “pending”: a list with double opt-in "
        "asks them by mail first.",
    )
    words: Line = Field(
        "", max_length=1500, description="What they agreed to and how, kept as the proof.", examples=["…"]
    )


class Leaving(Given):
    """Lists that a subscriber leaves."""

    lists: list[ListId] = Field([], max_length=50, description="Left out: all of them.")
    words: Line = Field("", max_length=1500, description="How they asked for it, kept as the proof.")


class ConsentShown(Shown):
    """One act about a subscription, which is never changed."""

    object: Literal["consent_record"] = "consent_record"
    id: str
    list: str | None = Field(description="None when it was about all lists.")
    act: Act
    via: Channel
    words: str
    locale: str
    ip: str
    at: AwareDatetime


ConsentPage = list_of(ConsentShown, "ConsentPage")


@bp.post("/subscribers/<subscriber_id>/subscribe", endpoint="subscribe")
@idempotent
@bp.input(Joining)
@bp.output(SubscriberShown)
def join(subscriber_id: str, json_data: Joining) -> SubscriberShown:
    """Put a subscriber on lists; who left one comes back only by an act of their own."""
    subscriber = subscriber_by_id(g.workspace.id, subscriber_id)
    words = json_data.words or f"sent status “{json_data.status}”."
    for mailing_list in lists_by_ids(g.workspace.id, json_data.lists):
        subscribe(
            subscriber,
            mailing_list,
            evidence=evidence_of_call(words),
            now=utcnow(),
            is_confirmed=json_data.status == "active",
        )
    return shown_subscribers([subscriber])[0]


@bp.post("/subscribers/<subscriber_id>/unsubscribe", endpoint="unsubscribe")
@idempotent
@bp.input(Leaving)
@bp.output(SubscriberShown)
def unsubscribe(subscriber_id: str, json_data: Leaving) -> SubscriberShown:
    """Take a subscriber off some lists, or off all, at their request."""
    subscriber = subscriber_by_id(g.workspace.id, subscriber_id)
    lists = lists_by_ids(g.workspace.id, json_data.lists)
    words = json_data.words or "unsubscribed them."
    leave(subscriber, [one.id for one in lists], evidence=evidence_of_call(words), now=utcnow())
    return shown_subscribers([subscriber])[0]


@bp.get("/subscribers/<subscriber_id>/consent")
@bp.input(PageQuery, location="query")
@bp.output(ConsentPage)
def index_consent(subscriber_id: str, query_data: PageQuery) -> dict[str, Any]:
    """Read the proofs of consent of a subscriber, newest first."""
    subscriber = subscriber_by_id(g.workspace.id, subscriber_id)
    return page(consent_of(subscriber), ConsentRecord, query_data, lambda rows: [_shown(row) for row in rows])


def _shown(record: ConsentRecord) -> ConsentShown:
    list_id = public_id(MailingList.prefix, record.list_id) if record.list_id else None
    return ConsentShown.of(record, list=list_id, at=record.created_at)
