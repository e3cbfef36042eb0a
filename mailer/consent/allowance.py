"""How many mails an address gets because somebody typed it: three a day, whoever types it wherever.

Sign-up forms are used to bomb mailboxes (Spamhaus, 2016): one victim, thousands of forms,
each with one mail that is polite by itself. So this is counted across all lists and
workspaces of the installation, on pages and over the API alike.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, delete, or_
from sqlalchemy.dialects import postgresql, sqlite

from mailer.consent.models import MailAllowance
from mailer.db import db
from mailer.lib.addresses import address_key

MOST: Final = 3
WINDOW: Final = timedelta(days=1)


def take_mail(email: str, *, now: datetime) -> bool:
    """Count one more mail that nobody has proven to want, and say whether it may go out.

    One statement, so that of many at once no more than :data:`MOST` are told yes.
    """
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    is_over = MailAllowance.began_at <= now - WINDOW
    statement = dialect.insert(MailAllowance).values(
        address_hash=hashlib.sha256(address_key(email).encode()).hexdigest(), began_at=now, count=1
    )
    taken = statement.on_conflict_do_update(
        index_elements=[MailAllowance.address_hash],
        set_={
            "count": case((is_over, 1), else_=MailAllowance.count + 1),
            "began_at": case((is_over, now), else_=MailAllowance.began_at),
        },
        where=or_(is_over, MailAllowance.count < MOST),
    ).returning(MailAllowance.count)
    return db.session.execute(taken).first() is not None


def forget_allowances(*, now: datetime) -> None:
    """Forget whom nobody typed lately."""
    db.session.execute(
        delete(MailAllowance)
        .where(MailAllowance.began_at <= now - WINDOW)
        .execution_options(synchronize_session=False)
    )
