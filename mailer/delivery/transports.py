"""How a workspace's mail leaves, and whether its server would take it."""

import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from mailer.config import Settings, SmtpServer
from mailer.current import settings
from mailer.db import db
from mailer.delivery import health, runs
from mailer.delivery.engine.courier import SmtpCourier
from mailer.delivery.engine.ports import Courier, Refused, Server
from mailer.delivery.models import Transport
from mailer.lib.secrets import decrypt, derive_key, encrypt

_PURPOSE: Final = "transport-password"
_IDLE_SECONDS: Final = 60.0


def default_server(given: Settings) -> Server:
    """Return the server of ``MAILER_SMTP_URL``, or the catcher, which keeps mail on this machine."""
    if not given.smtp_url:
        return Server(host="127.0.0.1", port=given.catcher_port, tls="off", helo=_our_name(given))
    smtp = SmtpServer.from_url(given.smtp_url)
    return Server(
        host=smtp.host,
        port=smtp.port,
        tls=smtp.tls,
        user=smtp.user,
        password=smtp.password,
        helo=_our_name(given),
    )


def save_transport(transport: Transport, *, password: str | None, now: datetime) -> None:
    """Keep a server that is new or was changed, and forget what was known of its health.

    :param password: None keeps the one that is stored
    """
    if password is not None:
        transport.password_encrypted = encrypt(_key(), password) if password else ""
    transport.updated_at = now
    db.session.add(transport)
    db.session.flush()
    health.note_recovery(transport.public_id)
    runs.look_again(transport.workspace_id)


def change_transport(
    transport: Transport, changes: Mapping[str, Any], *, password: str | None, now: datetime
) -> None:
    """Change some of what is kept of a server.

    Its password stays only with the server and user that it belongs to: whoever may change a
    server must not be able to have it sent to one of their own.

    :param password: None keeps the stored one, where it may stay
    """
    whose = (transport.host, transport.port, transport.user)
    for name, value in changes.items():
        setattr(transport, name, value)
    if password is None and whose != (transport.host, transport.port, transport.user):
        password = ""
    save_transport(transport, password=password, now=now)


def switch_transport(transport: Transport, *, is_enabled: bool, now: datetime) -> None:
    """Let mail leave by a server, or by it no more."""
    transport.is_enabled, transport.updated_at = is_enabled, now
    db.session.flush()
    health.note_recovery(transport.public_id)
    runs.look_again(transport.workspace_id)


def remove_transport(transport: Transport) -> None:
    """Forget a server and its password; without any other, mail leaves by the installation's again."""
    db.session.delete(transport)
    db.session.flush()
    health.note_recovery(transport.public_id)
    runs.look_again(transport.workspace_id)


def try_server(server: Server) -> tuple[bool, str]:
    """Connect, encrypt and sign in; return whether it went well and what the server said, word for word."""
    courier = SmtpCourier(server, timeouts=0.2)
    try:
        return True, courier.greet()
    except Refused as refused:
        return False, refused.outcome.reply
    finally:
        courier.close()


def server_of(transport: Transport, *, password: str | None = None) -> Server:
    """Return the server that a transport describes, with another password than the stored one if given."""
    return Server(
        host=transport.host,
        port=transport.port,
        tls=transport.tls.value,
        user=transport.user,
        password=_password_of(transport) if password is None else password,
        helo=_our_name(settings()),
    )


class _Couriers(threading.local):
    """Each thread's open connections, kept from one batch to the next."""

    def __init__(self) -> None:
        self.by_server: dict[Server, tuple[Courier, float]] = {}


_couriers = _Couriers()


def courier_for(server: Server) -> Courier:
    """Return this thread's connection to a server, and end those that it no longer uses."""
    now = time.monotonic()
    open_ones = _couriers.by_server
    for other, (courier, used_at) in list(open_ones.items()):
        if other != server and now - used_at > _IDLE_SECONDS:
            courier.close()
            del open_ones[other]
    courier, _ = open_ones.get(server) or (SmtpCourier(server), 0.0)
    open_ones[server] = (courier, now)
    return courier


def _password_of(transport: Transport) -> str:
    return decrypt(_key(), transport.password_encrypted) if transport.password_encrypted else ""


def _key() -> bytes:
    return derive_key(settings().secret_key, _PURPOSE)


def _our_name(given: Settings) -> str:
    return urlsplit(given.base_url).hostname or "localhost"
