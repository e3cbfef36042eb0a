"""Making deliveries and sending them."""

from uuid import UUID

from mailer.db import db
from mailer.delivery import decide, doctor, guard, prepare, send, sweep
from mailer.jobs import (
    CARRY_OUT_DECISION,
    CHECK_DOMAINS,
    DELIVER_DUE,
    PREPARE_CAMPAIGN,
    SWEEP_DECISIONS,
    SWEEP_DELIVERIES,
    WATCH_DOMAINS,
)
from mailer.lib.clock import utcnow
from workers import MINUTE, actor


@actor(PREPARE_CAMPAIGN, time_limit=60 * MINUTE)
def prepare_campaign(campaign_id: str) -> None:
    """Make a campaign's deliveries; goes on where one that died had stopped."""
    prepare.prepare_campaign(UUID(campaign_id))


# A batch gives up its claims after 45 s, but one server may take its time (RFC 5321 4.5.3.2).
@actor(DELIVER_DUE, max_retries=0, time_limit=40 * MINUTE)
def deliver_due() -> None:
    """Send what is due in any campaign."""
    send.deliver_due()


@actor(SWEEP_DELIVERIES, max_retries=0)
def sweep_deliveries() -> None:
    """Find what was left lying, and nudge it."""
    sweep.sweep_deliveries(now=utcnow())


@actor(CARRY_OUT_DECISION, max_retries=3)
def carry_out_decision(decision_id: str) -> None:
    """Go on with what an operator decided about many deliveries; safe to run twice."""
    decide.carry_out_decision(UUID(decision_id), now=utcnow())
    db.session.commit()


@actor(WATCH_DOMAINS, max_retries=0)
def watch_domains() -> None:
    """Stop what does a sending domain harm."""
    guard.watch_domains(now=utcnow())
    db.session.commit()


@actor(CHECK_DOMAINS, max_retries=0, time_limit=30 * MINUTE)
def check_domains() -> None:
    """Look every sending domain's records up once a day."""
    doctor.check_domains(now=utcnow())


@actor(SWEEP_DECISIONS, max_retries=0)
def sweep_decisions() -> None:
    """Ring again for decisions that are not carried out yet."""
    decide.sweep_decisions()
    db.session.commit()
