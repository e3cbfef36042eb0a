"""Amazon SES's notifications, which come by mail where no webhook is set up: JSON that begins the text."""

import json
import re
from typing import Any, Final

from mailer.bounces.parsers.failures import Failure, failure

_LONGEST: Final = 200_000
_MOST_RECIPIENTS: Final = 200


def notification_in(story: str) -> dict[str, Any]:
    """Return the notification that a text begins with, out of SNS's envelope; empty when it has none."""
    told = _object_in(story)
    if told.get("Type") == "Notification" and isinstance(told.get("Message"), str):
        told = _object_in(told["Message"])
    return told if "notificationType" in told or "eventType" in told else {}


def failures_of(told: dict[str, Any]) -> list[Failure]:
    """Return what a notification says of each recipient of a bounce or a delivery."""
    delivery, bounce = told.get("delivery"), told.get("bounce")
    if isinstance(delivery, dict):
        words = str(delivery.get("smtpResponse", ""))
        return [
            failure(str(address), words, is_delivered=True) for address in _listed(delivery, "recipients")
        ]
    if not isinstance(bounce, dict):
        return []
    failures = []
    for recipient, address in _addressed(bounce, "bouncedRecipients"):
        words = str(recipient.get("diagnosticCode") or bounce.get("bounceSubType") or "")
        words = re.sub(r"(?i)^\s*smtp;\s*", "", words)
        failures.append(failure(address, words, status=str(recipient.get("status") or "")))
    return failures


def complainers_of(told: dict[str, Any]) -> list[str]:
    """Return who complains, as a notification has it."""
    complaint = told.get("complaint")
    if not isinstance(complaint, dict):
        return []
    return [address for _, address in _addressed(complaint, "complainedRecipients")]


def _object_in(text: str) -> dict[str, Any]:
    """Return the JSON object that a text begins with; mail breaks its lines, also within strings."""
    text = text.lstrip()[:_LONGEST]
    if not text.startswith("{"):
        return {}
    try:
        told, _ = json.JSONDecoder(strict=False).raw_decode(text)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _addressed(told: dict[str, Any], name: str) -> list[tuple[dict[str, Any], str]]:
    listed = [each for each in _listed(told, name) if isinstance(each, dict)]
    return [(each, each["emailAddress"]) for each in listed if isinstance(each.get("emailAddress"), str)]


def _listed(told: dict[str, Any], name: str) -> list[Any]:
    found = told.get(name)
    return found[:_MOST_RECIPIENTS] if isinstance(found, list) else []
