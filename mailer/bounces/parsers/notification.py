"""Amazon SES's notifications, which come by mail where no webhook is set up: JSON on the first line."""

import json
import re
from typing import Any, Final

from mailer.bounces.parsers.failures import Failure, failure

_LONGEST: Final = 200_000


def read_notification(story: str) -> list[Failure]:
    """Return what a notification says of each recipient; empty when the text is none."""
    text = story.lstrip()
    if not text.startswith("{") or not re.search(r'"(notificationType|eventType)"', text[:_LONGEST]):
        return []
    try:
        told, _ = json.JSONDecoder().raw_decode(text[:_LONGEST])
    except (ValueError, RecursionError):
        return []
    return failures_of(told) if isinstance(told, dict) else []


def failures_of(told: dict[str, Any]) -> list[Failure]:
    """Return what a notification, already read from JSON, says of each recipient."""
    delivery, bounce = told.get("delivery"), told.get("bounce")
    if isinstance(delivery, dict):
        words = str(delivery.get("smtpResponse", ""))
        return [
            failure(str(address), words, is_delivered=True) for address in _listed(delivery, "recipients")
        ]
    if not isinstance(bounce, dict):
        return []
    failures = []
    for recipient in _listed(bounce, "bouncedRecipients"):
        if isinstance(recipient, dict) and isinstance(recipient.get("emailAddress"), str):
            words = str(recipient.get("diagnosticCode") or bounce.get("bounceSubType") or "")
            words = re.sub(r"(?i)^\s*smtp;\s*", "", words)
            failures.append(
                failure(recipient["emailAddress"], words, status=str(recipient.get("status") or ""))
            )
    return failures


def _listed(told: dict[str, Any], name: str) -> list[Any]:
    found = told.get(name)
    return found[:200] if isinstance(found, list) else []
