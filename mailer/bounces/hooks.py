"""Providers that call when mail comes back: their secrets, and their calls."""

import secrets
import urllib.request
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from mailer.bounces.models import Hook, Provider, Trust, Via
from mailer.bounces.parsers.providers import Event, read_call
from mailer.bounces.parsers.returned import Kind
from mailer.bounces.parsers.signatures import Call, Fetch, check_call
from mailer.bounces.recognise import Recognised, by_address, by_message_id
from mailer.bounces.record import Told, record
from mailer.current import settings
from mailer.db import db
from mailer.errors import NotFound
from mailer.lib.ids import parse_id
from mailer.lib.secrets import decrypt, derive_key, encrypt

_PURPOSE: Final = "return-hook"
_LARGEST_PAGE: Final = 100_000


def open_hook(workspace_id: UUID, provider: Provider, *, secret: str) -> Hook:
    """Let a provider call us, or change what its calls are proven by."""
    hook = db.session.scalar(
        select(Hook).where(Hook.workspace_id == workspace_id, Hook.provider == provider)
    ) or Hook(workspace_id=workspace_id, provider=provider)
    hook.secret_encrypted = encrypt(derive_key(settings().secret_key, _PURPOSE), secret.strip())
    hook.problem = ""
    db.session.add(hook)
    db.session.flush()
    return hook


def new_secret() -> str:
    """Return a secret for a caller of one's own, as Standard Webhooks writes it."""
    return f"whsec_{secrets.token_urlsafe(32).replace('-', 'A').replace('_', 'B')}="


def hook_by_id(public_id: str, *, workspace_id: UUID | None = None) -> Hook:
    """Return a hook.

    :param workspace_id: whose it has to be; None for a caller, who is proven by a signature
    :raises NotFound: there is none with this id
    """
    hook_id = parse_id(Hook.prefix, public_id)
    found = db.session.get(Hook, hook_id) if hook_id is not None else None
    if found is None or workspace_id not in (None, found.workspace_id):
        raise NotFound("There is no such webhook.")
    return found


def take_call(hook: Hook, call: Call, *, now: datetime, fetch: Fetch | None = None) -> int:
    """Check a provider's call and write down what it says came back; return how much of it was new.

    :raises NotGenuine: it is not the provider's
    """
    secret = decrypt(derive_key(settings().secret_key, _PURPOSE), hook.secret_encrypted)
    check_call(hook.provider.value, call, secret=secret, now=now, fetch=fetch or _fetch)
    hook.called_at, hook.problem = now, ""
    events = read_call(hook.provider.value, call)
    return sum(_record(event, hook.workspace_id, now=now) for event in events if event.email)


def _record(event: Event, workspace_id: UUID, *, now: datetime) -> bool:
    known = by_message_id([event.message_id], workspace_id=workspace_id) if event.message_id else None
    about = (
        Recognised(known.delivery, Trust.PROVIDER)
        if known is not None
        else by_address(event.email, workspace_id=workspace_id, trust=Trust.PROVIDER, now=now)
    )
    told = Told(
        event.kind,
        event.email,
        event.key,
        is_hard=event.hard,
        reason=event.reason,
        status=event.status,
        code=event.code,
        feedback_type=event.feedback_type,
        is_wish_to_stop=event.kind is Kind.COMPLAINT,
        words=event.words,
    )
    return record(told, about, workspace_id=workspace_id, via=Via.WEBHOOK, now=now) is not None


def _fetch(url: str) -> bytes:
    """Fetch a page whose address was checked to be Amazon's."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - https and the host are checked before
        page: bytes = answer.read(_LARGEST_PAGE)
    return page
