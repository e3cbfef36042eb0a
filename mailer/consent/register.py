"""Saving somebody for a program: what it knows of them, and the lists that they join."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from mailer.audience.fields import create_missing_fields
from mailer.audience.models import MailingList, Subscriber
from mailer.audience.subscribers import save_subscriber
from mailer.consent.models import Evidence
from mailer.consent.subscribe import subscribe


def register(
    workspace_id: UUID,
    email: str,
    *,
    details: Mapping[str, Any],
    lists: Iterable[MailingList],
    evidence: Evidence,
    now: datetime,
    is_confirmed: bool,
) -> tuple[Subscriber, bool]:
    """Save a subscriber by address or external id and put them on lists by the rules of consent.

    A known address is updated and never re-subscribed: who left a list comes back only
    by an act of their own. A field that is new here is made.

    :param details: external_id, name, locale, time_zone, fields and tags; those left out or None stay
    :param is_confirmed: the program answers for the consent, so that no confirmation is asked for
    :return: the subscriber, and whether they are new
    :raises Invalid: with what is wrong by field
    :raises Conflict: a list is archived, or the external id is of somebody else
    """
    create_missing_fields(workspace_id, details.get("fields") or {})
    subscriber, is_new = save_subscriber(workspace_id, email, **details)
    for mailing_list in lists:
        subscribe(subscriber, mailing_list, evidence=evidence, now=now, is_confirmed=is_confirmed)
    return subscriber, is_new
