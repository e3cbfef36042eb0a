"""Keeping the proof of an act: one record, the words once, and as much of the address as may be kept."""

import hashlib
import secrets
from datetime import datetime
from ipaddress import ip_address
from typing import Final
from uuid import UUID

from mailer.audience.models import Subscriber, Subscription
from mailer.consent.models import (
    Act,
    AddressDetail,
    ConsentPolicy,
    ConsentRecord,
    ConsentWords,
    Evidence,
)
from mailer.db import db, insert_missing
from mailer.lib.networks import network_of

_LONGEST_WORDS: Final = 20_000


def keep_record(
    subject: Subscription | Subscriber, *, act: Act, evidence: Evidence, at: datetime
) -> ConsentRecord:
    """Write down an act about one subscription, or about all of a subscriber's."""
    ip = kept_address(evidence.ip, policy_of(subject.workspace_id).address_detail)
    user_agent = _plain(evidence.user_agent)[:300]
    salt = secrets.token_hex(16) if ip or user_agent else None
    record = ConsentRecord(
        workspace_id=subject.workspace_id,
        subscriber_id=subject.subscriber_id if isinstance(subject, Subscription) else subject.id,
        list_id=subject.list_id if isinstance(subject, Subscription) else None,
        act=act,
        via=evidence.via,
        words_hash=keep_words(subject.workspace_id, evidence.words),
        locale=evidence.locale[:20],
        ip=ip,
        user_agent=user_agent,
        salt=salt,
        origin=origin_of(salt, ip, user_agent) if salt else None,
        actor_id=evidence.actor_id,
        delivery_id=evidence.delivery_id,
        form_version_id=evidence.form_version_id,
        created_at=at,
    )
    db.session.add(record)
    db.session.flush()
    return record


def keep_words(workspace_id: UUID, words: str) -> str | None:
    """Keep a text, once however many agree to it.

    :return: its hash; None for no words
    """
    words = _plain(words)[:_LONGEST_WORDS]
    if not words:
        return None
    digest = hash_of(words)
    insert_missing(ConsentWords, [{"workspace_id": workspace_id, "hash": digest, "text": words}])
    return digest


def hash_of(words: str) -> str:
    """Return the name under which a text is kept."""
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()


def origin_of(salt: str, ip: str, user_agent: str) -> str:
    """Return the hash that outlives an address and a user agent.

    Salted, since there are few enough addresses to try them all; who forgets the salt
    with the address leaves nothing that leads back to it.
    """
    return hashlib.sha256(f"{salt}\0{ip}\0{user_agent}".encode()).hexdigest()


def policy_of(workspace_id: UUID) -> ConsentPolicy:
    """Return what a workspace decided about addresses and frequency, or the default."""
    return db.session.get(ConsentPolicy, workspace_id) or ConsentPolicy(
        workspace_id=workspace_id, address_detail=AddressDetail.FULL
    )


def kept_address(ip: str, detail: AddressDetail) -> str:
    """Return as much of an internet address as may be kept."""
    if detail is AddressDetail.NONE:
        return ""
    if detail is AddressDetail.NETWORK:
        return network_of(ip)[:45]
    try:
        return str(ip_address(ip.strip()))[:45]
    except ValueError:
        return ""


def _plain(text: str) -> str:
    # PostgreSQL has no zero byte in a text.
    return text.replace("\0", "")
