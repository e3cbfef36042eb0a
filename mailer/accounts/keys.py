"""API keys: made once, shown once, recognised by their hash, and taken back.

A key that was read is believed for a second: programs come with the same one hundreds of
times in it, and to read it took longer than to write down what they asked for.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, event, select, update
from sqlalchemy.orm import joinedload

from mailer.accounts.models import ApiKey, Workspace
from mailer.accounts.scopes import clean_scopes
from mailer.db import db, reading_apart
from mailer.errors import Invalid
from mailer.lib.secrets import fingerprint

#: Lets people, and scanners of leaked secrets, recognise one of ours.
_MARK: Final = "mlr_"
_HINT_LENGTH: Final = 10
_LONGEST_NAME: Final = 120
#: A busy program would otherwise write a row with every call.
_USE_IS_NOTED_EVERY: Final = timedelta(minutes=1)
#: One that another process revokes, or a workspace that it changes, is believed for no longer.
_BELIEVED_FOR: Final = timedelta(seconds=1)
_MOST_BELIEVED: Final = 1_000
#: Made once, since to build it takes as long as to ask it.
_BY_HASH: Final = (
    select(ApiKey)
    .where(ApiKey.secret_hash == bindparam("secret_hash"), ApiKey.revoked_at.is_(None))
    .options(joinedload(ApiKey.workspace))
)
#: Keys with their workspaces, of no session, and when each was read; by the hash of their secret.
_believed: dict[str, tuple[ApiKey, datetime]] = {}


def create_key(
    workspace_id: UUID,
    *,
    name: str,
    scopes: Iterable[str],
    calls_per_minute: int | None = None,
    expires_at: datetime | None = None,
    created_by_id: UUID | None = None,
) -> tuple[ApiKey, str]:
    """Make a key for a workspace.

    :param calls_per_minute: how often it may call, where that is not as often as every key
    :param expires_at: from when on it works no longer
    :return: the key and its secret, which cannot be read again
    :raises Invalid: the name is empty or too long, a scope is not known
    """
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        problem = f"Give the key a name of 1 to {_LONGEST_NAME} characters, such as “Shop”."
        raise Invalid(problem, fields={"name": problem})
    # 256 bits: nobody guesses it, so that its plain hash can be looked up by index.
    secret = _MARK + secrets.token_urlsafe(32)
    key = ApiKey(
        workspace_id=workspace_id,
        name=name,
        scopes=clean_scopes(scopes),
        calls_per_minute=calls_per_minute,
        hint=secret[:_HINT_LENGTH],
        secret_hash=fingerprint(secret),
        expires_at=expires_at,
        created_by_id=created_by_id,
    )
    db.session.add(key)
    db.session.flush()
    return key, secret


def key_for(secret: str, *, now: datetime) -> ApiKey | None:
    """Return the key that a secret belongs to, or None when there is none, or none that still works.

    It and its workspace are of no session, and other threads read them too: whoever changes
    one loads it first. No transaction is begun, so that nobody without a key waits for SQLite's
    writers, or makes them wait.
    """
    if not secret.startswith(_MARK):
        return None
    key = _read(fingerprint(secret), now=now)
    if key is None or (key.expires_at is not None and key.expires_at <= now):
        return None
    return key


def is_use_due(key: ApiKey, *, now: datetime) -> bool:
    """Whether it is time to note again that a key is in use."""
    return key.last_used_at is None or now - key.last_used_at >= _USE_IS_NOTED_EVERY


def note_use(key: ApiKey, *, now: datetime) -> None:
    """Remember when a key was last used; of many calls at once, one writes."""
    db.session.execute(
        update(ApiKey)
        .where(ApiKey.id == key.id, ApiKey.last_used_at.is_not_distinct_from(key.last_used_at))
        .values(last_used_at=now)
    )
    _believed.pop(key.secret_hash, None)


def revoke_key(key: ApiKey, *, now: datetime) -> None:
    """Take a key back for good; doing it twice changes nothing."""
    if key.revoked_at is None:
        key.revoked_at = now
    db.session.flush()


def _read(secret_hash: str, *, now: datetime) -> ApiKey | None:
    key, read_at = _believed.get(secret_hash, (None, now))
    if key is not None and read_at <= now < read_at + _BELIEVED_FOR:
        return key
    with reading_apart() as session:
        key = session.scalar(_BY_HASH, {"secret_hash": secret_hash})
    if key is None:
        _believed.pop(secret_hash, None)
        return None
    if len(_believed) >= _MOST_BELIEVED:
        _believed.clear()
    _believed[secret_hash] = (key, now)
    return key


@event.listens_for(ApiKey, "after_update")
@event.listens_for(ApiKey, "after_delete")
@event.listens_for(Workspace, "after_update")
@event.listens_for(Workspace, "after_delete")
def _read_anew(*_: object) -> None:
    """Believe nothing that was read before this process itself changed a key or a workspace."""
    _believed.clear()
