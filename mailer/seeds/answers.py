"""What comes back for the demo world's campaigns: a full mailbox, a holiday, a question."""

import random
from datetime import datetime, timedelta
from typing import Any, Final

from mailer.bounces.models import Effect, Trust, Via
from mailer.bounces.parsers.reasons import Reason
from mailer.bounces.parsers.returned import Kind
from mailer.seeds.moments import id_at

_ANSWERED: Final = 0.008
_ANSWERS: Final[tuple[dict[str, Any], ...]] = (
    {
        "kind": Kind.BOUNCE,
        "is_hard": False,
        "reason": Reason.FULL,
        "status": "5.2.2",
        "code": "552",
        "subject": "Undelivered Mail Returned to Sender",
        "words": "552 5.2.2 Mailbox full",
    },
    {
        "kind": Kind.BOUNCE,
        "is_hard": False,
        "reason": Reason.EXPIRED,
        "status": "4.4.7",
        "subject": "Undelivered Mail Returned to Sender",
        "words": "Delivery time expired",
    },
    {
        "kind": Kind.AUTO_REPLY,
        "subject": "Out of office",
        "words": "Thank you for your mail. I am away until Monday and read it then.",
    },
    {
        "kind": Kind.AUTO_REPLY,
        "subject": "Automatic reply",
        "words": "I am on parental leave. Please write to my colleagues at the office.",
    },
    {
        "kind": Kind.REPLY,
        "subject": "Re: your newsletter",
        "words": "Do you still have the seeded rye on Saturdays? I would take two.",
    },
)


def answer_of(
    delivery: dict[str, Any], *, at: datetime, now: datetime, chance: random.Random
) -> dict[str, Any] | None:
    """Return what comes back for a delivery, if anything does."""
    came_at = at + timedelta(seconds=chance.uniform(30, 40_000))
    if chance.random() > _ANSWERED or came_at >= now:
        return None
    nothing = {"is_hard": None, "reason": None, "status": "", "code": "", "feedback_type": ""}
    identifier = id_at(came_at)
    return {
        **nothing,
        **chance.choice(_ANSWERS),
        "id": identifier,
        "created_at": came_at,
        "workspace_id": delivery["workspace_id"],
        "campaign_id": delivery["campaign_id"],
        "delivery_id": delivery["id"],
        "subscriber_id": delivery["subscriber_id"],
        "email": delivery["email"].lower(),
        "via": Via.MAILBOX,
        "trust": Trust.MESSAGE_ID,
        "effect": Effect.NOTHING,
        "source_key": f"demo:{identifier.hex}",
    }
