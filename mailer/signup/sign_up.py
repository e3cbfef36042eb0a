"""Signing up on a page that anyone can open."""

from datetime import datetime

from mailer.audience import queries
from mailer.audience.models import MailingList
from mailer.audience.subscribers import save_subscriber
from mailer.consent.models import Evidence
from mailer.consent.subscribe import subscribe


def sign_up(mailing_list: MailingList, email: str, *, name: str, evidence: Evidence, now: datetime) -> None:
    """Put whoever signs up on a list, at once or once they have confirmed.

    Tells nothing about who is known: it returns the same for everybody. What is known
    of a subscriber stays as it is, since anyone can type anyone's address.

    :raises Invalid: the address or the name cannot be used
    """
    known = queries.subscriber_by_email(mailing_list.workspace_id, email)
    if known is None:
        known, _ = save_subscriber(mailing_list.workspace_id, email, name=name)
    subscribe(known, mailing_list, evidence=evidence, now=now)
