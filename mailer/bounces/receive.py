"""Taking in a mail that came back, by whichever way it came."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from mailer.bounces.models import Return, Trust, Via
from mailer.bounces.parsers.failures import Failure
from mailer.bounces.parsers.returned import Kind, Returned, read_returned
from mailer.bounces.recognise import Recognised, by_address, by_message_id, by_token, token_in
from mailer.bounces.record import Told, record
from mailer.delivery.dmarc import keep_reports
from mailer.delivery.engine.dmarc_reports import has_report, read_reports
from mailer.errors import Invalid
from mailer.lib.return_paths import Purpose

log = logging.getLogger(__name__)

_ADDRESSED: Final = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc")


def receive(
    raw: bytes, *, recipients: Sequence[str] = (), workspace_id: UUID | None = None, via: Via, now: datetime
) -> list[Return]:
    """Write down what a mail says came back; return what was new.

    :param recipients: to whom the envelope was addressed, where that is known
    :param workspace_id: whose mailbox it came to; None at a listener that serves all
    """
    if workspace_id is not None and _keep_dmarc(raw, workspace_id, now=now):
        return []
    told = read_returned(raw)
    headers = [value for name in _ADDRESSED for value in told.headers.all(name)]
    token = token_in([*recipients, *headers])
    about = by_token(token, now=now) if token is not None else None
    about = about or by_message_id(told.message_ids, workspace_id=workspace_id)
    if (
        about is not None
        and about.delivery is not None
        and workspace_id not in (None, about.delivery.workspace_id)
    ):
        about = None
    owner = about.delivery.workspace_id if about is not None and about.delivery is not None else workspace_id
    if owner is None:
        log.info("A mail that came back belongs to no workspace: %s", told.kind)
        return []
    key = f"mail:{hashlib.sha256(raw).hexdigest()[:40]}"
    found = [
        record(each, about or _guess(each, owner, now=now), workspace_id=owner, via=via, now=now)
        for each in _told(told, about, key)
    ]
    return [each for each in found if each is not None]


def _keep_dmarc(raw: bytes, workspace_id: UUID, *, now: datetime) -> bool:
    """Keep the DMARC reports in a mail; return whether it held any."""
    if not has_report(raw):
        return False
    try:
        reports = read_reports(raw)
    except Invalid:
        return False
    keep_reports(workspace_id, reports, now=now)
    return True


def _guess(told: Told, workspace_id: UUID, *, now: datetime) -> Recognised:
    return by_address(told.email, workspace_id=workspace_id, trust=Trust.ADDRESS, now=now)


def _told(told: Returned, about: Recognised | None, key: str) -> list[Told]:
    """Return what a mail says of each address; whose token it came to is the one it is about."""
    whole = Told(
        told.kind,
        told.recipients[0] if told.recipients else "",
        key,
        feedback_type=told.feedback_type,
        is_wish_to_stop=told.is_wish_to_stop,
        subject=told.subject,
        words=told.words,
    )
    if about is not None and about.purpose is Purpose.UNSUBSCRIBE and told.kind is not Kind.BOUNCE:
        # Whatever is written to this address is a wish to leave; only machines' answers are not.
        is_machine = told.kind in (Kind.AUTO_REPLY, Kind.CHALLENGE)
        return [whole if is_machine else replace(whole, kind=Kind.UNSUBSCRIBE)]
    if not told.failures:
        return [whole]
    return [
        replace(
            whole,
            email=each.recipient,
            source_key=f"{key}:{number}" if number else key,
            is_hard=each.hard,
            reason=each.reason,
            status=each.status,
            code=each.code,
            words=each.words or told.words,
        )
        for number, each in enumerate(_failures_of(told, about))
    ]


def _failures_of(told: Returned, about: Recognised | None) -> Sequence[Failure]:
    """Return the failures that are ours: of the delivery that it is about, or of all who are named."""
    if about is None or about.delivery is None:
        return told.failures
    email = about.delivery.email.lower()
    own = [each for each in told.failures if each.recipient.lower() == email]
    # Servers report aliases and what they made of them; then the first stands for the one we wrote to.
    return own[:1] or told.failures[:1]
