"""API keys: made once, shown once, recognised by their hash, and taken back."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import joinedload

from mailer.accounts.models import ApiKey
from mailer.accounts.scopes import clean_scopes
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.secrets import fingerprint

#: Lets people, and scanners of leaked secrets, recognise one of ours.
_MARK: Final = "mlr_"
_HINT_LENGTH: Final = 10
_LONGEST_NAME: Final = 120
#: A busy program would otherwise write a row with every call.
_USE_IS_NOTED_EVERY: Final = timedelta(minutes=1)
#: Asked with every call: made once, since to build it takes as long as to ask it.
_BY_HASH: Final = (
    select(ApiKey)
    .where(
        ApiKey.secret_hash == bindparam("secret_hash"),
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > bindparam("now")),
    )
    .options(joinedload(ApiKey.workspace))
)


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
    """Return the key that a secret belongs to, or None when there is none, or none that still works."""
    if not secret.startswith(_MARK):
        return None
    return db.session.scalar(_BY_HASH, {"secret_hash": fingerprint(secret), "now": now})


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


def revoke_key(key: ApiKey, *, now: datetime) -> None:
    """Take a key back for good; doing it twice changes nothing."""
    if key.revoked_at is None:
        key.revoked_at = now
    db.session.flush()
