"""Signing up on a page that anyone can open."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from mailer.audience import queries
from mailer.audience.models import MailingList, Subscriber
from mailer.audience.subscribers import save_subscriber
from mailer.consent.models import Evidence
from mailer.consent.subscribe import subscribe
from mailer.db import db, insert_missing
from mailer.lib.ids import uuid7
from mailer.signup.models import SignUp
from mailer.signup.shown import ShownForm


@dataclass(frozen=True)
class Entry:
    """What somebody sent in.

    :param ticked: numbers of the boxes that they ticked
    :param source: from where they came, by the names of ``forms.SOURCES``
    :param place: where the poster hung or the kiosk stood
    :param key: a kiosk's name for it, so that sending it again does nothing
    """

    email: str
    lists: Collection[MailingList]
    name: str = ""
    fields: Mapping[str, Any] | None = None
    ticked: Collection[int] = ()
    source: Mapping[str, str] | None = None
    place: str = ""
    key: str | None = None


def sign_up(shown: ShownForm, entry: Entry, *, evidence: Evidence, now: datetime) -> None:
    """Put whoever signs up on the lists, at once or once they have confirmed.

    Tells nothing about who is known: it returns the same for everybody. What is known
    of a subscriber stays as it is, since anyone can type anyone's address.

    :raises Invalid: the address or something else that was typed cannot be used
    """
    workspace_id = shown.workspace.id
    known = queries.subscriber_by_email(workspace_id, entry.email)
    if known is None:
        known, _ = save_subscriber(
            workspace_id, entry.email, name=entry.name, locale=shown.language, fields=entry.fields
        )
    if not _is_first(shown, entry, known):
        return
    proof = replace(
        evidence,
        words=shown.record_words(entry.lists, entry.ticked),
        locale=shown.language,
        form_version_id=shown.version.id if shown.version else None,
    )
    for mailing_list in entry.lists:
        subscribe(known, mailing_list, evidence=proof, now=now)


def _is_first(shown: ShownForm, entry: Entry, known: Subscriber) -> bool:
    """Keep that somebody came, and from where; a kiosk may say so twice."""
    form_id = shown.form.id if shown.form else None
    if entry.key and db.session.scalar(
        select(SignUp.id).where(SignUp.form_id == form_id, SignUp.key == entry.key)
    ):
        return False
    made = insert_missing(
        SignUp,
        [
            {
                "id": uuid7(),
                "workspace_id": shown.workspace.id,
                "form_id": form_id,
                "subscriber_id": known.id,
                "source": dict(entry.source or {}),
                "place": entry.place[:60],
                "key": entry.key,
            }
        ],
        returning=SignUp.id,
    )
    return bool(made)
