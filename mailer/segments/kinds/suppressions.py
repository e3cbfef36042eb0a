"""An address that must not be mailed."""

from typing import Final

from sqlalchemy import exists

from mailer.audience.models import Subscriber
from mailer.consent.models import Suppression, SuppressionReason
from mailer.segments.asked import Asked, Clause, Names
from mailer.segments.conditions import IsSuppressed

REASONS: Final = {
    "any": "for any reason",
    "hard_bounce": "after a hard bounce",
    "complaint": "after a complaint",
    "unsubscribed": "after unsubscribing",
    "manual": "by hand",
    "imported": "by an import",
}


def clause(condition: IsSuppressed, asked: Asked) -> Clause:
    """Ask for a suppression of the address."""
    where = [
        Suppression.workspace_id == asked.workspace_id,
        Suppression.email_key == Subscriber.email_key,
    ]
    if condition.reason != "any":
        where.append(Suppression.reason == SuppressionReason(condition.reason))
    return exists().where(*where)


def words(condition: IsSuppressed, names: Names) -> str:
    """Say for which reason."""
    return f"are suppressed {REASONS[condition.reason]}"
