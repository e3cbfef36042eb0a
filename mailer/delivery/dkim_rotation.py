"""A key's life: made, published, signing, replaced by another, retired.

A new key never signs before the world can read its public half, and an old one stays
readable while mail that it signed is on its way.
"""

import secrets
from datetime import datetime
from typing import Final

from mailer.current import settings
from mailer.db import db
from mailer.delivery.engine.dkim_keys import Algorithm, make_key, problem_of
from mailer.delivery.engine.txt_records import Answer
from mailer.delivery.models import DkimKey, KeyState, SendingDomain
from mailer.errors import Conflict
from mailer.lib.secrets import derive_key, encrypt

KEY_PURPOSE: Final = "dkim-key"
#: No vowels, so that no words come about; no digits or letters that are taken for each other.
_LETTERS: Final = "bcdfghjkmnpqrstvwxz"


def add_key(sending_domain: SendingDomain, algorithm: Algorithm) -> DkimKey:
    """Make a key pair under a selector of its own; it waits for its record.

    :raises Conflict: another one of the kind waits already
    """
    if any(key.algorithm is algorithm for key in sending_domain.keys_in(KeyState.PENDING)):
        raise Conflict("A new key waits for its record already. Publish that one, or discard it.")
    private_key, public_key = make_key(algorithm)
    key = DkimKey(
        sending_domain=sending_domain,
        algorithm=algorithm,
        # By chance, so that no two installations that share a domain ever take the same.
        selector="m-" + "".join(secrets.choice(_LETTERS) for _ in range(8)),
        public_key=public_key,
        private_key_encrypted=encrypt(derive_key(settings().secret_key, KEY_PURPOSE), private_key),
    )
    db.session.add(key)
    db.session.flush()
    return key


def take_answer(key: DkimKey, answer: Answer, *, now: datetime) -> None:
    """Note what was found under a key's name; a new key that is published begins to sign.

    An answer that never came says nothing about the record, and changes nothing.

    :raises Conflict: nobody could be asked, with what went wrong
    """
    if not answer.is_authentic:
        raise Conflict(answer.problem)
    key.checked_at = now
    key.problem = (
        answer.problem or problem_of(answer.texts, algorithm=key.algorithm, public_key=key.public_key)
    )[:500]
    if not key.problem and key.state is KeyState.PENDING:
        activate(key, now=now)
    db.session.flush()


def activate(key: DkimKey, *, now: datetime) -> None:
    """Let a new key sign in the place of the one before it.

    :raises Conflict: it is not new
    """
    if key.state is not KeyState.PENDING:
        raise Conflict("Only a new key can begin to sign.")
    for other in key.sending_domain.keys_in(KeyState.ACTIVE):
        if other.algorithm is key.algorithm:
            other.replaced_at = now
    # Two of a kind may not sign even within a transaction.
    db.session.flush()
    key.activated_at = now
    db.session.flush()


def retire(key: DkimKey, *, now: datetime) -> None:
    """Destroy the private half of a key that need not sign any more; a new one is simply dropped.

    :raises Conflict: it is the RSA key that signs: nothing of the domain would be signed any more
    """
    if key.state is KeyState.PENDING:
        key.sending_domain.keys.remove(key)
    elif key.state is KeyState.ACTIVE and key.algorithm is Algorithm.RSA:
        raise Conflict("This key signs. Replace it by a new one first, or switch signing off.")
    else:
        key.retired_at, key.private_key_encrypted = now, ""
    db.session.flush()
