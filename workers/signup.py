"""Sign-ups that pages wrote down."""

from uuid import UUID

from mailer.db import db
from mailer.jobs import SIGN_UP, SWEEP_SIGN_UPS
from mailer.lib.clock import utcnow
from mailer.signup import sign_up as signing_up
from workers import actor


@actor(SIGN_UP)
def sign_up(entry_id: str) -> None:
    """Put whoever sent an entry in on its lists."""
    signing_up.sign_up(UUID(entry_id))
    db.session.commit()


@actor(SWEEP_SIGN_UPS)
def sweep_sign_ups() -> None:
    """Ask again for entries that nobody signed up."""
    signing_up.sweep_sign_ups(now=utcnow())
    db.session.commit()
