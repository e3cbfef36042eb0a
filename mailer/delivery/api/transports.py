"""The servers that a workspace's mail leaves by, for programs; a password is taken and never shown."""

from typing import Any, Literal

from flask import g
from pydantic import AwareDatetime, Field

from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Domain, Given, Line, Shown, changes_of, given, list_of
from mailer.db import db, owned
from mailer.delivery import queries, transports
from mailer.delivery.api.frame import bp
from mailer.delivery.models import Tls, Transport
from mailer.lib.clock import utcnow


class TransportShown(Shown):
    """An SMTP server that mail leaves by."""

    object: Literal["transport"] = "transport"
    id: str
    name: str
    host: str
    port: int
    tls: Tls
    user: str
    weight: int
    from_domains: list[str]
    connections: int
    messages_per_connection: int
    per_second: float | None
    enabled: bool
    created_at: AwareDatetime
    updated_at: AwareDatetime


class NewTransport(Given):
    """An SMTP server for mail to leave by."""

    name: Line = Field("", max_length=120)
    host: Line = Field(max_length=255, pattern=r"^[A-Za-z0-9._:-]+$", examples=["smtp.example.com"])
    port: int = Field(587, ge=1, le=65535)
    tls: Tls = Tls.REQUIRED
    user: Line = Field("", max_length=255)
    password: Line = Field("", max_length=1_000, description="Kept encrypted and never shown.")
    weight: int = Field(100, ge=0, le=100, description="Its share beside the others’.")
    from_domains: list[Domain] = Field([], max_length=100, description="Only mail from these leaves by it.")
    connections: int = Field(8, ge=1, le=200)
    messages_per_connection: int = Field(1_000, ge=1, le=100_000)
    per_second: float | None = Field(None, ge=0.01, le=100_000)


class TriedShown(Shown):
    """What a server said."""

    object: Literal["transport_test"] = "transport_test"
    good: bool
    words: str


TransportChanges = changes_of(NewTransport, "TransportChanges")
TransportPage = list_of(TransportShown, "TransportPage")


@bp.get("/transports")
@bp.input(PageQuery, location="query")
@bp.output(TransportPage)
def index_transports(query_data: PageQuery) -> dict[str, Any]:
    """Read the servers that mail leaves by, newest first."""
    found = queries.all_transports(g.workspace)
    return page(found, Transport, query_data, lambda rows: [_shown(row) for row in rows])


@bp.post("/transports", endpoint="create_transport")
@idempotent
@bp.input(NewTransport)
@bp.output(TransportShown, status_code=201)
def post_transport(json_data: NewTransport) -> TransportShown:
    """Let mail leave by another server."""
    transport = Transport(workspace_id=g.workspace.id, **json_data.model_dump(exclude={"password"}))
    transports.save_transport(transport, password=json_data.password, now=utcnow())
    return _shown(transport)


@bp.get("/transports/<transport_id>")
@bp.output(TransportShown)
def show_transport(transport_id: str) -> TransportShown:
    """Read one server."""
    return _shown(_transport(transport_id))


@bp.patch("/transports/<transport_id>", endpoint="update_transport")
@bp.input(TransportChanges)
@bp.output(TransportShown)
def patch_transport(transport_id: str, json_data: Given) -> TransportShown:
    """Change a server; its password goes when host, port or user change and none is given."""
    transport, changes = _transport(transport_id), given(json_data)
    password = changes.pop("password", None)
    transports.change_transport(transport, changes, password=password, now=utcnow())
    db.session.commit()
    return _shown(transport)


@bp.delete("/transports/<transport_id>", endpoint="remove_transport")
@bp.output({}, status_code=204)
def delete_transport(transport_id: str) -> str:
    """Forget a server and its password; without any, mail leaves by the installation’s."""
    transports.remove_transport(_transport(transport_id))
    db.session.commit()
    return ""


@bp.post("/transports/<transport_id>/enable", endpoint="enable_transport")
@idempotent
@bp.output(TransportShown)
def enable(transport_id: str) -> TransportShown:
    """Use a server again."""
    transport = _transport(transport_id)
    transports.switch_transport(transport, is_enabled=True, now=utcnow())
    return _shown(transport)


@bp.post("/transports/<transport_id>/disable", endpoint="disable_transport")
@idempotent
@bp.output(TransportShown)
def disable(transport_id: str) -> TransportShown:
    """Use a server no more, and keep it."""
    transport = _transport(transport_id)
    transports.switch_transport(transport, is_enabled=False, now=utcnow())
    return _shown(transport)


@bp.post("/transports/<transport_id>/test", endpoint="test_transport")
@bp.output(TriedShown)
def test(transport_id: str) -> TriedShown:
    """Connect, encrypt and sign in, and read what the server answers."""
    server = transports.server_of(_transport(transport_id))
    # Nothing of the database may wait for somebody else's server.
    db.session.rollback()
    is_good, words = transports.try_server(server)
    return TriedShown(good=is_good, words=words)


def _transport(transport_id: str) -> Transport:
    return owned(Transport, g.workspace.id, transport_id, otherwise="There is no such server.")


def _shown(transport: Transport) -> TransportShown:
    return TransportShown.of(transport, enabled=transport.is_enabled)
