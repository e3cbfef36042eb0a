"""Looking after the answers that the API keeps for a day."""

from mailer.api import idempotency
from mailer.db import db
from mailer.jobs import FORGET_OLD_ANSWERS
from mailer.lib.clock import utcnow
from workers import actor


@actor(FORGET_OLD_ANSWERS)
def forget_old_answers() -> None:
    """Delete the answers whose day is over."""
    idempotency.forget_old_answers(now=utcnow())
    db.session.commit()
