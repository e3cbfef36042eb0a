"""Sealing: every consent record becomes a link of its workspace's chain, seconds after it was made.

A record's digest is hashed together with the link before it, so that no record can be
changed, put in between or taken out unseen, not even by whoever owns the database. It is
done in a job of its own, since a chain has one end: writers would wait for each other
there, and an import for a sign-up.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, and_, delete, func, select

from mailer.bulk import Bulk, is_among
from mailer.consent.models import ConsentRecord, ConsentSeal, ConsentWords, UnsealedRecord
from mailer.db import db, looking_first

#: What the first link of a chain is hashed with.
GENESIS: Final = "0" * 64
#: On SQLite nobody else writes while they are: a thousand took 77 ms beside a campaign.
_AT_ONCE: Final = {"sqlite": 250, "postgresql": 1_000}
#: Made once: ``json.dumps`` makes another for each call.
_write: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_COLUMNS: Final = ("workspace_id", "number", "record_id", "subscriber_id", "digest", "hash")


class _Digested(NamedTuple):
    """A record, as its link knows it."""

    id: UUID
    subscriber_id: UUID
    digest: str


def seal_consent() -> int:
    """Seal records that wait, the oldest first.

    :return: how many waited; when there are ``at_once()``, there may be more
    :raises AlreadyThere: somebody else seals them at this moment
    """
    by_workspace: dict[UUID, list[_Digested]] = defaultdict(list)
    # A record never changes, so what it comes to can be found out before others have to wait.
    with looking_first() as connection:
        waiting = connection.scalars(
            select(UnsealedRecord.record_id).order_by(UnsealedRecord.record_id).limit(at_once())
        ).all()
        for record in records_of(waiting, connection):
            digested = _Digested(record.id, record.subscriber_id, digest_of(record))
            by_workspace[record.workspace_id].append(digested)
    if not waiting:
        return 0
    for workspace_id, several in sorted(by_workspace.items()):
        _append(workspace_id, several)
    # Also those whose subscriber was erased before the seal came.
    db.session.execute(
        delete(UnsealedRecord)
        .where(is_among(UnsealedRecord.record_id, waiting))
        .execution_options(synchronize_session=False)
    )
    return len(waiting)


def at_once() -> int:
    """Return how many records are sealed in one transaction."""
    return _AT_ONCE[db.engine.dialect.name]


def records_of(ids: Sequence[UUID], connection: Connection) -> Sequence[Any]:
    """Return the rows of records with their ``words``, in the order of their ids.

    Rows, not objects: what the database says now, whatever the session remembers, and in half the time.
    """
    return connection.execute(
        select(ConsentRecord.__table__, ConsentWords.text.label("words"))
        .outerjoin(
            ConsentWords,
            (ConsentWords.workspace_id == ConsentRecord.workspace_id)
            & (ConsentWords.hash == ConsentRecord.words_hash),
        )
        .where(is_among(ConsentRecord.id, ids))
        .order_by(ConsentRecord.id)
    ).all()


def digest_of(record: Any) -> str:
    """Return the digest of everything that a record says.

    :param record: a ``ConsentRecord``, or its row with the ``words``
    """
    said = _said(record, record.id, record.subscriber_id)
    if record.original_id is not None:
        said += ["copy", record.original_id.hex, record.original_subscriber_id.hex]
    return _digest(said)


def original_digest_of(copy: Any) -> str:
    """Return the digest of the record that a copy is of, which is gone with whom it was about."""
    return _digest(_said(copy, copy.original_id, copy.original_subscriber_id))


def linked(before: str, digest: str) -> str:
    """Return the hash of a link: of the one before it and its record's digest."""
    return hashlib.sha256(f"{before}{digest}".encode()).hexdigest()


def _said(record: Any, record_id: UUID, subscriber_id: UUID) -> list[Any]:
    """Return everything that a record says.

    Of where somebody was it says no more than the salted hash, so that the chain holds
    when that is forgotten; records from before there was one say the address itself.
    """
    where = (record.ip, record.user_agent) if record.origin is None else (record.origin,)
    said: list[Any] = [
        *(record_id.hex, record.created_at.isoformat(), record.workspace_id.hex, subscriber_id.hex),
        *(_hex(record.list_id), record.act.value, record.via.value, record.words or "", record.locale),
        *(*where, _hex(record.actor_id), _hex(record.delivery_id)),
    ]
    if record.form_version_id is not None:
        said.append(record.form_version_id.hex)
    return said


def _digest(said: list[Any]) -> str:
    return hashlib.sha256(_write(said).encode()).hexdigest()


def _append(workspace_id: UUID, records: Sequence[_Digested]) -> None:
    number, last = _end_of(workspace_id)
    bulk = Bulk()
    rows = []
    for record in records:
        number, last = number + 1, linked(last, record.digest)
        rows.append(
            (
                *(bulk.id(workspace_id), str(number), bulk.id(record.id), bulk.id(record.subscriber_id)),
                *(record.digest, last),
            )
        )
    bulk.copy_in(ConsentSeal.__tablename__, _COLUMNS, rows)


def _end_of(workspace_id: UUID) -> tuple[int, str]:
    last = select(func.max(ConsentSeal.number)).where(ConsentSeal.workspace_id == workspace_id)
    row = db.session.execute(
        select(ConsentSeal.number, ConsentSeal.hash).where(
            and_(ConsentSeal.workspace_id == workspace_id, ConsentSeal.number == last.scalar_subquery())
        )
    ).first()
    return (row.number, row.hash) if row else (0, GENESIS)


def _hex(identifier: UUID | None) -> str:
    return identifier.hex if identifier else ""
