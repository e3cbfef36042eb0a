"""Taking one message from a program that has a key."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from mailer.accounts.keys import is_use_due, key_for, note_use
from mailer.accounts.models import Workspace
from mailer.accounts.scopes import is_granted
from mailer.api.idempotency import begin, keep
from mailer.errors import Forbidden
from mailer.lib.clock import utcnow
from mailer.lib.ids import public_id
from mailer.transactional.letter import Letter
from mailer.transactional.models import Source, TransactionalMessage
from mailer.transactional.send import send
from mailer.transactional.submission.read_mail import idempotency_key, read_mail

_WANTED: Final = ("emails:send",)


def may_submit(secret: str) -> bool:
    """Whether whoever has a key may send by it."""
    key = key_for(secret, now=utcnow())
    return key is not None and is_granted(_WANTED, held=key.scopes)


def take(secret: str, content: bytes, recipients: Sequence[str], *, now: datetime) -> str:
    """Write a message down for sending; return its id as people see it. The caller commits.

    :param secret: of the key that its program signed in with
    :raises Forbidden: the key was taken back meanwhile
    :raises Invalid: it cannot be sent
    """
    key = key_for(secret, now=now)
    if key is None or not is_granted(_WANTED, held=key.scopes):
        raise Forbidden("This key was revoked.")
    if is_use_due(key, now=now):
        note_use(key, now=now)
    letter, name = read_mail(content, recipients), idempotency_key(content)
    if not name:
        return _send(key.workspace, letter, now=now)
    kept = begin(key.workspace_id, name, _fingerprint(letter), now=now)
    if kept is not None:
        return str(json.loads(kept.body)["id"])
    made = _send(key.workspace, letter, now=now)
    keep(key.workspace_id, name, status=200, body=json.dumps({"object": "email", "id": made}))
    return made


def _send(workspace: Workspace, letter: Letter, *, now: datetime) -> str:
    made = send(workspace, letter, source=Source.SMTP, now=now)
    return public_id(TransactionalMessage.prefix, made)


def _fingerprint(letter: Letter) -> str:
    """Return what a repeat has in common with the first: not its bytes, since its boundaries differ."""
    files = [(each.name, hashlib.sha256(each.content).hexdigest()) for each in letter.attachments]
    words = repr((replace(letter, attachments=()), files))
    return hashlib.sha256(f"SMTP\n{words}".encode("utf-8", "surrogatepass")).hexdigest()
