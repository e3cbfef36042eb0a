"""The domains that a workspace sends from, and what signs their mail."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from mailer.current import settings
from mailer.db import db
from mailer.delivery.dkim_rotation import KEY_PURPOSE, add_key
from mailer.delivery.engine.dkim import Covered, Signer, Signs
from mailer.delivery.engine.dkim_keys import Algorithm
from mailer.delivery.models import KeyState, SendingDomain
from mailer.errors import Conflict
from mailer.lib.addresses import clean_domain
from mailer.lib.secrets import decrypt, derive_key


class UnreadableKey:
    """Stands for a key that cannot be decrypted: what it should sign is held, never sent unsigned."""

    def __init__(self, selector: str) -> None:
        self._selector = selector

    def sign(self, covered: Covered, digest: bytes, *, at: int) -> bytes:
        """Refuse.

        :raises ValueError: always
        """
        raise ValueError(
            f"The DKIM key “{self._selector}” was stored under another MAILER_SECRET_KEY. "
            "Set that one again, or make a new key."
        )


def set_return_path(sending_domain: SendingDomain, domain: str) -> None:
    """Let the bounces of a domain's mail come back to addresses at another, or to its senders again.

    :param domain: empty for the senders
    :raises Invalid: it is no domain
    """
    sending_domain.return_path = clean_domain(domain.strip()) if domain.strip() else ""
    db.session.flush()


def set_tracking_host(sending_domain: SendingDomain, host: str) -> None:
    """Let the links of a domain's mail be of a host, once the doctor sees that it leads here.

    :param host: empty for this Mailer's own
    :raises Invalid: it is no host's name
    """
    chosen = clean_domain(host.strip()) if host.strip() else ""
    if chosen != sending_domain.tracking_host:
        sending_domain.tracking_host, sending_domain.tracking_since = chosen, None
    db.session.flush()


class Identity(NamedTuple):
    """As what mail from a domain appears.

    :ivar signers: the keys that sign it
    :ivar return_path: the domain that its bounces come back to; empty for its senders
    :ivar tracking_host: the host that its links are of; empty for our own
    """

    signers: tuple[Signs, ...] = ()
    return_path: str = ""
    tracking_host: str = ""


def identity_of(workspace_id: UUID, from_domain: str) -> Identity:
    """Return as what mail from a domain appears: each by the domain itself, or the nearest above that says.

    A signature of ``bakery.example`` vouches for ``news.bakery.example`` too, as DMARC
    reads it (relaxed alignment).

    :param from_domain: as A-labels
    """
    found = db.session.scalars(
        select(SendingDomain)
        .where(
            SendingDomain.workspace_id == workspace_id, SendingDomain.domain.in_(_at_or_above(from_domain))
        )
        .options(selectinload(SendingDomain.keys))
    )
    nearest_first = sorted(found, key=lambda each: len(each.domain), reverse=True)
    return Identity(
        _signers(nearest_first),
        next((each.return_path for each in nearest_first if each.return_path), ""),
        next(
            (each.tracking_host for each in nearest_first if each.tracking_host and each.tracking_since), ""
        ),
    )


def _signers(nearest_first: Sequence[SendingDomain]) -> tuple[Signs, ...]:
    for sending_domain in nearest_first:
        if not sending_domain.is_signing:
            return ()
        if keys := sending_domain.keys_in(KeyState.ACTIVE):
            # RSA first: some verifiers look at the first signature alone, and few know Ed25519.
            keys.sort(key=lambda key: key.algorithm is not Algorithm.RSA)
            return tuple(
                _signer(sending_domain.domain, key.selector, key.private_key_encrypted, settings().secret_key)
                for key in keys
            )
    return ()


def add_domain(workspace_id: UUID, text: str) -> SendingDomain:
    """Begin to send from a domain, with a first key that waits for its record.

    :raises Invalid: it is no domain
    :raises Conflict: it is there already
    """
    domain = clean_domain(text)
    twin = select(SendingDomain.id).where(
        SendingDomain.workspace_id == workspace_id, SendingDomain.domain == domain
    )
    if db.session.scalar(twin) is not None:
        raise Conflict(f"“{domain}” is there already.")
    sending_domain = SendingDomain(workspace_id=workspace_id, domain=domain)
    db.session.add(sending_domain)
    add_key(sending_domain, Algorithm.RSA)
    return sending_domain


def switch_signing(sending_domain: SendingDomain, *, is_on: bool) -> None:
    """Sign a domain's mail, or leave that to the server that takes it."""
    sending_domain.is_signing = is_on
    db.session.flush()


def remove_domain(sending_domain: SendingDomain) -> None:
    """Forget a domain and destroy its keys; its mail leaves unsigned from now on."""
    db.session.delete(sending_domain)
    db.session.flush()


def _at_or_above(domain: str) -> list[str]:
    labels = domain.lower().split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


@lru_cache(maxsize=512)
def _signer(domain: str, selector: str, private_key_encrypted: str, secret_key: str) -> Signs:
    """Parse a key once in a process's life: it takes as long as a hundred signatures."""
    try:
        pem = decrypt(derive_key(secret_key, KEY_PURPOSE), private_key_encrypted)
    except ValueError:
        return UnreadableKey(selector)
    return Signer(domain=domain, selector=selector, private_key_pem=pem.encode())
