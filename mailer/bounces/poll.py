"""Reading every workspace's return mailbox."""

import logging
from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from mailer.bounces.mailboxes import Account, CannotRead, opened
from mailer.bounces.models import ReturnMailbox, Via
from mailer.bounces.receive import receive
from mailer.current import settings
from mailer.db import DATABASE_AWAY, db
from mailer.lib.clock import utcnow
from mailer.lib.secrets import decrypt, derive_key, encrypt

log = logging.getLogger(__name__)

_PURPOSE: Final = "mailbox-password"


def save_mailbox(mailbox: ReturnMailbox, *, password: str | None) -> None:
    """Keep a mailbox that is new or was changed.

    :param password: None keeps the one that is stored
    """
    if password is not None:
        mailbox.password_encrypted = encrypt(derive_key(settings().secret_key, _PURPOSE), password)
    mailbox.problem = ""
    db.session.add(mailbox)
    db.session.flush()


def poll_mailboxes() -> None:
    """Read all of them; one in trouble does not keep the others waiting. Commits as it goes."""
    wanted = select(ReturnMailbox.workspace_id).where(ReturnMailbox.is_enabled)
    for workspace_id in db.session.scalars(wanted).all():
        db.session.rollback()
        try:
            poll_mailbox(workspace_id)
        except Exception:
            db.session.rollback()
            log.exception("The return mailbox of workspace %s could not be read.", workspace_id)


def poll_mailbox(workspace_id: UUID) -> int:
    """Read one mailbox; return how many mails it held. Each is committed before the mailbox lets go of it."""
    mailbox = db.session.get_one(ReturnMailbox, workspace_id)
    is_emptied = mailbox.is_emptied
    read, problem = 0, ""
    try:
        account = account_of(mailbox)
        # No transaction is held while the network is waited for.
        db.session.rollback()
        with opened(account) as box:
            for name in box.waiting():
                raw = box.fetch(name)
                if not raw:  # somebody else took it away meanwhile
                    continue
                is_kept = _keep(raw, workspace_id)
                read += is_kept
                # What could not be kept stays for people to look at, and does not hold the others up.
                box.let_go(name, remove=is_emptied and is_kept)
    except (CannotRead, ValueError) as error:
        db.session.rollback()
        problem = str(error)[:500]
    db.session.execute(
        update(ReturnMailbox)
        .where(ReturnMailbox.workspace_id == workspace_id)
        .values(polled_at=utcnow(), problem=problem)
    )
    db.session.commit()
    return read


def _keep(raw: bytes, workspace_id: UUID) -> bool:
    """Write a mail down and commit; return whether that could be done.

    :raises sqlalchemy.exc.OperationalError: the database is away, which is no fault of the mail
    """
    try:
        receive(raw, workspace_id=workspace_id, via=Via.MAILBOX, now=utcnow())
        db.session.commit()
    except DATABASE_AWAY:
        raise
    except Exception:
        db.session.rollback()
        log.exception("A mail in the return mailbox of workspace %s could not be kept.", workspace_id)
        return False
    return True


def account_of(mailbox: ReturnMailbox) -> Account:
    """Return how a mailbox is reached.

    :raises ValueError: its password was stored under another key
    """
    return Account(
        mailbox.protocol.value,
        mailbox.encryption.value,
        mailbox.host,
        mailbox.port,
        mailbox.user,
        decrypt(derive_key(settings().secret_key, _PURPOSE), mailbox.password_encrypted),
        mailbox.folder,
    )
