"""The proof of one person's consent: every act, the words that were shown, and the link that seals it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased, joinedload

from mailer.accounts.models import User
from mailer.audience.models import Subscriber
from mailer.consent.models import ConsentRecord, ConsentSeal
from mailer.consent.record import origin_of
from mailer.consent.seal import GENESIS, digest_of, linked, original_digest_of
from mailer.consent.told import ACTS, WAYS
from mailer.db import db
from mailer.lib.ids import public_id

#: How the ids of rooms above begin.
FORM_VERSION: Final = "fmv"
DELIVERY: Final = "dlv"


@dataclass(frozen=True)
class Proven:
    """One act with its seal.

    :param seal: its link of the chain; None for some seconds, until it is sealed
    :param before: the hash of the link before, from which the next is made
    :param actor: who acted for the subscriber, if somebody did
    :param original_seal: the link of the record that it is a copy of, when it came by a merge
    """

    record: ConsentRecord
    seal: ConsentSeal | None
    before: str
    actor: str
    original_seal: ConsentSeal | None = None

    @property
    def holds(self) -> bool:
        """Whether record, digest and link agree."""
        record, seal = self.record, self.seal
        if seal is None or digest_of(record) != seal.digest or linked(self.before, seal.digest) != seal.hash:
            return False
        if self.original_seal is not None and original_digest_of(record) != self.original_seal.digest:
            return False
        return not record.salt or origin_of(record.salt, record.ip, record.user_agent) == record.origin

    @property
    def is_origin_forgotten(self) -> bool:
        """Whether the address was kept once, and forgotten when its time was over."""
        return bool(self.record.origin) and not self.record.salt

    @property
    def form_version(self) -> str:
        """The public id of the form's version; empty when there was no form."""
        identifier = self.record.form_version_id
        return public_id(FORM_VERSION, identifier) if identifier else ""

    @property
    def sentence(self) -> str:
        """What happened, in words."""
        _, deed, _ = ACTS[self.record.act]
        about = f" “{self.record.list.name}”" if self.record.list else ""
        return f"{deed}{about} {WAYS[self.record.via]}"


def proof_of(subscriber: Subscriber) -> Sequence[Proven]:
    """Return everything that proves what a subscriber agreed to, the oldest first."""
    before, original = aliased(ConsentSeal), aliased(ConsentSeal)
    rows = db.session.execute(
        select(ConsentRecord, ConsentSeal, before.hash, User.name, original)
        .outerjoin(ConsentSeal, ConsentSeal.record_id == ConsentRecord.id)
        .outerjoin(
            before,
            and_(before.workspace_id == ConsentSeal.workspace_id, before.number == ConsentSeal.number - 1),
        )
        .outerjoin(original, original.record_id == ConsentRecord.original_id)
        .outerjoin(User, User.id == ConsentRecord.actor_id)
        .where(ConsentRecord.subscriber_id == subscriber.id)
        .options(joinedload(ConsentRecord.list))
        # Copies that a merge made are younger than what they tell of.
        .order_by(ConsentRecord.created_at, ConsentRecord.id)
    )
    return [
        Proven(record, seal, before or GENESIS, actor or "", original)
        for record, seal, before, actor, original in rows
    ]


def proof_as_dict(subscriber: Subscriber, proven: Sequence[Proven]) -> dict[str, Any]:
    """Return a proof as plain values, with all that it takes to calculate the seals again."""
    return {
        "subscriber": {"id": subscriber.public_id, "email": subscriber.email},
        "method": "digest: SHA-256 over the record; hash: SHA-256 over the hash before and the digest",
        "records": [_as_dict(one) for one in proven],
    }


def _as_dict(one: Proven) -> dict[str, Any]:
    record, seal = one.record, one.seal
    return {
        "id": record.public_id,
        "at": record.created_at.isoformat(),
        "act": record.act.value,
        "via": record.via.value,
        "list": {"id": record.list.public_id, "name": record.list.name} if record.list else None,
        "words": record.words,
        "words_sha256": record.words_hash,
        "locale": record.locale,
        "address": record.ip,
        "user_agent": record.user_agent,
        "is_address_forgotten": one.is_origin_forgotten,
        "by": one.actor or None,
        "delivery": public_id(DELIVERY, record.delivery_id) if record.delivery_id else None,
        "form_version": one.form_version or None,
        "copy_of": _original_as_dict(one),
        "seal": {
            "number": seal.number,
            "before": one.before,
            "digest": seal.digest,
            "hash": seal.hash,
            "holds": one.holds,
        }
        if seal
        else None,
    }


def _original_as_dict(one: Proven) -> dict[str, Any] | None:
    record, seal = one.record, one.original_seal
    if record.original_id is None or record.original_subscriber_id is None:
        return None
    return {
        "id": public_id(ConsentRecord.prefix, record.original_id),
        "subscriber": public_id(Subscriber.prefix, record.original_subscriber_id),
        "seal": {"number": seal.number, "digest": seal.digest, "hash": seal.hash} if seal else None,
    }
