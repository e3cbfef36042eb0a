"""Walking the chains of consent records, to find the first link that does not hold."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, func, select

from mailer.accounts.models import Workspace
from mailer.audience.models import Subscriber
from mailer.bulk import is_among
from mailer.consent.models import ConsentRecord, ConsentSeal, UnsealedRecord
from mailer.consent.record import origin_of
from mailer.consent.seal import GENESIS, digest_of, linked, records_of
from mailer.db import db
from mailer.lib.ids import public_id

_PAGE: Final = 5_000


@dataclass(frozen=True)
class Chain:
    """What was found of one workspace's chain.

    :param erased: links whose record went with its subscriber
    :param waiting: records that are not sealed yet
    :param broken: where and why it does not hold; empty when it does
    :param head: the last link's hash; noted elsewhere, it also proves that nothing was cut off
    """

    workspace: str
    links: int
    erased: int
    waiting: int
    head: str
    broken: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the figures by name."""
        return asdict(self)

    def line(self) -> str:
        """Return the figures as a line."""
        if self.broken:
            return f"{self.workspace}: BROKEN at {self.broken}"
        return (
            f"{self.workspace}: {self.links:,} records hold, {self.erased:,} of them erased; "
            f"{self.waiting:,} not sealed yet; head {self.head}"
        )


def verify(workspace_id: UUID | None = None) -> Iterator[Chain]:
    """Walk the chain of one workspace, or of each."""
    query = select(Workspace.id, Workspace.slug).order_by(Workspace.slug)
    if workspace_id is not None:
        query = query.where(Workspace.id == workspace_id)
    for row in db.session.execute(query).all():
        chain = _walk(row.id, row.slug)
        if chain.links or chain.waiting or chain.broken:
            yield chain


def _walk(workspace_id: UUID, slug: str) -> Chain:
    number, last, erased, broken = 0, GENESIS, 0, ""
    while not broken:
        page = db.session.execute(
            select(ConsentSeal.__table__)
            .where(ConsentSeal.workspace_id == workspace_id, ConsentSeal.number > number)
            .order_by(ConsentSeal.number)
            .limit(_PAGE)
        ).all()
        if not page:
            break
        sealed = records_of([row.record_id for row in page], db.session.connection())
        records = {record.id: record for record in sealed}
        standing = _standing([row.subscriber_id for row in page if row.record_id not in records])
        for row in page:
            broken = _fault(row, number + 1, last, records.get(row.record_id), standing)
            if broken:
                break
            erased += row.record_id not in records
            number, last = row.number, row.hash
    return Chain(slug, number, erased, _waiting(workspace_id), last, broken or _unsealed(workspace_id))


def _fault(row: Any, number: int, last: str, record: Any, standing: set[UUID]) -> str:
    name = f"link {row.number:,}, record {public_id(ConsentRecord.prefix, row.record_id)}"
    if row.number != number:
        return f"link {number:,}: it is missing"
    if record is None and row.subscriber_id in standing:
        return f"{name}: the record is missing, though its subscriber is not erased"
    if record is not None and (digest_of(record) != row.digest or _is_moved(record)):
        return f"{name}: the record was changed"
    if linked(last, row.digest) != row.hash:
        return f"{name}: the link was changed"
    return ""


def _is_moved(record: Any) -> bool:
    """Whether the address is another than the one that was sealed; one that was forgotten is not."""
    return bool(record.salt) and origin_of(record.salt, record.ip, record.user_agent) != record.origin


def _standing(subscriber_ids: Sequence[UUID]) -> set[UUID]:
    return set(db.session.scalars(select(Subscriber.id).where(is_among(Subscriber.id, subscriber_ids))))


def _waiting(workspace_id: UUID) -> int:
    waits = select(func.count(ConsentRecord.id)).where(
        ConsentRecord.workspace_id == workspace_id,
        exists().where(UnsealedRecord.record_id == ConsentRecord.id),
    )
    return db.session.scalar(waits) or 0


def _unsealed(workspace_id: UUID) -> str:
    """Say which record neither has a seal nor waits for one: it was put in by another way."""
    stray = db.session.scalar(
        select(ConsentRecord.id)
        .where(
            ConsentRecord.workspace_id == workspace_id,
            ~exists().where(UnsealedRecord.record_id == ConsentRecord.id),
            ~exists().where(ConsentSeal.record_id == ConsentRecord.id),
        )
        .order_by(ConsentRecord.id)
        .limit(1)
    )
    return f"record {public_id(ConsentRecord.prefix, stray)}: it has no link" if stray else ""
