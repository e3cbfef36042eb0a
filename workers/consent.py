"""Mails about subscriptions."""

import time
from typing import Final
from uuid import UUID

from mailer.bulk import AlreadyThere
from mailer.consent import allowance, confirm, forgetting, seal, sweep, welcome
from mailer.db import db
from mailer.jobs import FORGET_ORIGINS, SEAL_CONSENT, SEND_CONFIRMATION, SEND_WELCOME, SWEEP_SUBSCRIPTIONS
from mailer.lib.clock import utcnow
from workers import MINUTE, actor

#: Sealing goes on after so long: on SQLite others look a hundred times whether they may write.
_OTHERS_TURN_SECONDS: Final = 0.1


@actor(SEND_CONFIRMATION)
def send_confirmation(subscription_id: str) -> None:
    """Mail the link that confirms a subscription."""
    confirm.send_confirmation(UUID(subscription_id))
    db.session.commit()


@actor(SEND_WELCOME)
def send_welcome(subscription_id: str) -> None:
    """Mail a list's welcome."""
    welcome.send_welcome(UUID(subscription_id))
    db.session.commit()


@actor(SWEEP_SUBSCRIPTIONS)
def sweep_subscriptions() -> None:
    """Ask again for mails that were due and never made."""
    sweep.sweep_subscriptions(now=utcnow())
    db.session.commit()


@actor(SEAL_CONSENT, time_limit=5 * MINUTE)
def seal_consent() -> None:
    """Make links of the chain out of the records that wait."""
    try:
        while seal.seal_consent() == seal.at_once():
            db.session.commit()
            # After an import of a million there is a lot to do, and nobody waits for it.
            time.sleep(_OTHERS_TURN_SECONDS)
        db.session.commit()
    except AlreadyThere:
        # Another worker is at it.
        db.session.rollback()


@actor(FORGET_ORIGINS, time_limit=5 * MINUTE)
def forget_origins() -> None:
    """Forget from where people agreed, where a workspace keeps it for a time only."""
    while forgetting.forget_origins(now=utcnow()) >= forgetting.AT_ONCE:
        db.session.commit()
    allowance.forget_allowances(now=utcnow())
    db.session.commit()
