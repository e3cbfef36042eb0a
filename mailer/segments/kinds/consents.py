"""How somebody agreed."""

from typing import Final

from sqlalchemy import exists

from mailer.audience.models import Subscriber
from mailer.consent.models import Channel, ConsentRecord
from mailer.segments.asked import Asked, Clause, Names
from mailer.segments.conditions import Consented
from mailer.segments.kinds.compare import lately

CHANNELS: Final = {
    "signup_page": "on a sign-up page",
    "confirmation_page": "by confirming",
    "preference_page": "on the preference page",
    "import": "in an imported file",
    "staff": "to a member of staff",
    "api": "by the API",
}


def clause(condition: Consented, asked: Asked) -> Clause:
    """Ask for a record of consent by a way."""
    where = [ConsentRecord.subscriber_id == Subscriber.id, ConsentRecord.via == Channel(condition.via)]
    if condition.within_days is not None:
        where.append(ConsentRecord.created_at >= asked.since(condition.within_days))
    return exists().where(*where)


def words(condition: Consented, names: Names) -> str:
    """Say by which way, and when."""
    return f"agreed {CHANNELS[condition.via]}{lately(condition.within_days)}"
