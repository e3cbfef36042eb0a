"""Signing up whoever sent a form in."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from mailer.audience.models import MailingList, Subscriber
from mailer.audience.queries.subscribers import subscriber_by_email
from mailer.audience.subscribers import save_subscriber
from mailer.consent.models import Channel, Evidence
from mailer.consent.subscribe import subscribe
from mailer.db import db, insert_missing
from mailer.jobs import SIGN_UP, later
from mailer.lib.ids import parse_id, uuid7
from mailer.signup.models import SignUp, WaitingEntry

_PATIENCE: Final = timedelta(seconds=60)
_AT_ONCE: Final = 1_000


def sign_up(entry_id: UUID) -> None:
    """Put whoever sent an entry in on its lists, at once or once they have confirmed.

    What is known of a subscriber stays as it is, since anyone can type anyone's address.
    Asked twice for one entry, it is done once: the entry goes with it.
    """
    entry = db.session.get(WaitingEntry, entry_id, with_for_update=True)
    if entry is None:
        return
    db.session.delete(entry)
    sent = entry.sent
    evidence = replace(
        Evidence(**{**sent["evidence"], "via": Channel(sent["evidence"]["via"])}),
        form_version_id=entry.form_version_id,
    )
    known = subscriber_by_email(entry.workspace_id, sent["email"])
    if known is None:
        known, _ = save_subscriber(
            entry.workspace_id,
            sent["email"],
            name=sent["name"],
            locale=evidence.locale,
            fields=sent["fields"],
        )
    if not _is_first(entry, known):
        return
    for mailing_list in _open_lists(entry.workspace_id, sent["list_ids"]):
        subscribe(known, mailing_list, evidence=evidence, now=entry.created_at)


def sweep_sign_ups(*, now: datetime) -> int:
    """Ask again for entries that have waited for more than a minute: the broker was down, or a worker died.

    :return: how many
    """
    waiting = db.session.scalars(
        select(WaitingEntry.id)
        .where(WaitingEntry.created_at < now - _PATIENCE)
        .order_by(WaitingEntry.created_at)
        .limit(_AT_ONCE)
    ).all()
    for entry_id in waiting:
        later(SIGN_UP, str(entry_id))
    return len(waiting)


def _is_first(entry: WaitingEntry, known: Subscriber) -> bool:
    """Keep that somebody came, and from where; a kiosk may say so twice."""
    if entry.key and db.session.scalar(
        select(SignUp.id).where(SignUp.form_id == entry.form_id, SignUp.key == entry.key)
    ):
        return False
    made = insert_missing(
        SignUp,
        [
            {
                "id": uuid7(),
                "created_at": entry.created_at,
                "workspace_id": entry.workspace_id,
                "form_id": entry.form_id,
                "subscriber_id": known.id,
                "source": entry.sent["source"],
                "place": entry.sent["place"],
                "key": entry.key,
            }
        ],
        returning=SignUp.id,
    )
    return bool(made)


def _open_lists(workspace_id: UUID, public_ids: Iterable[str]) -> list[MailingList]:
    """Return the lists that were chosen, but for those that were closed since."""
    ids = [parse_id(MailingList.prefix, public_id) for public_id in public_ids]
    by_id = {
        row.id: row
        for row in db.session.scalars(
            select(MailingList).where(
                MailingList.workspace_id == workspace_id,
                MailingList.id.in_(ids),
                MailingList.archived_at.is_(None),
            )
        )
    }
    return [by_id[each] for each in ids if each in by_id]
