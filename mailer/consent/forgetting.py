"""Forgetting from where people agreed, once the workspace's time for it is over."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, select, update

from mailer.consent.models import ConsentPolicy, ConsentRecord, UnsealedRecord
from mailer.db import db

AT_ONCE: Final = 10_000


def forget_origins(*, now: datetime) -> int:
    """Forget addresses and user agents of records that are older than their workspace wishes.

    Their seals stay valid: they are about a salted hash, and the salt is forgotten too.

    :return: how many; when there are ``AT_ONCE`` of a workspace, there may be more
    """
    policies = db.session.scalars(select(ConsentPolicy).where(ConsentPolicy.address_days.is_not(None)))
    return sum(_forget(policy, now) for policy in policies.all())


def _forget(policy: ConsentPolicy, now: datetime) -> int:
    assert policy.address_days is not None
    old = (
        select(ConsentRecord.id)
        .where(
            ConsentRecord.workspace_id == policy.workspace_id,
            ConsentRecord.created_at < now - timedelta(days=policy.address_days),
            ConsentRecord.salt != "",
            ~exists().where(UnsealedRecord.record_id == ConsentRecord.id),
        )
        .limit(AT_ONCE)
    )
    forgotten = db.session.scalars(
        update(ConsentRecord)
        .where(ConsentRecord.id.in_(old))
        .values(ip="", user_agent="", salt="")
        .returning(ConsentRecord.id)
        .execution_options(synchronize_session=False)
    )
    return len(forgotten.all())
