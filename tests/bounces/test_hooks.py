"""A provider's call at the door."""

import json
from contextlib import contextmanager

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from mailer.bounces.hooks import open_hook
from mailer.bounces.models import Hook, Provider, Return, Trust
from mailer.consent.suppress import suppression_of
from mailer.db import db
from mailer.delivery import send
from tests.bounces.parsers.test_providers import basic
from tests.bounces.test_receive import BEN
from tests.delivery.conftest import bread, deliveries, launch, readers, smtp

__all__ = ["bread", "launch", "readers", "smtp"]


@pytest.fixture
def hook(app, workspace, bread, readers, launch, smtp) -> Hook:
    """Postmark's, over a campaign that was sent."""
    launch(bread)
    send.deliver_due()
    made = open_hook(workspace.id, Provider.POSTMARK, secret="secret")
    db.session.commit()
    return made


def bounce(**fields):
    return json.dumps(
        {
            "RecordType": "Bounce",
            "Type": "HardBounce",
            "ID": 42,
            "Email": BEN,
            "Details": "550 5.1.1 gone",
            **fields,
        }
    )


def test_a_signed_bounce_suppresses_and_is_written_down_once(client, hook, workspace):
    for expected in (1, 0):
        answer = client.post(f"/hooks/{hook.public_id}", data=bounce(), headers=basic("secret"))

        assert (answer.status_code, answer.json) == (200, {"noted": expected})

    (returned,) = db.session.scalars(select(Return)).all()
    assert (returned.trust, returned.delivery_id) == (Trust.PROVIDER, deliveries()[BEN].id)
    assert suppression_of(workspace.id, BEN) is not None


def test_a_call_that_is_not_theirs_changes_nothing_and_is_shown(client, hook, workspace):
    answer = client.post(f"/hooks/{hook.public_id}", data=bounce(), headers=basic("guess"))

    assert answer.status_code == 403
    assert db.session.scalars(select(Return)).all() == []
    assert suppression_of(workspace.id, BEN) is None
    db.session.refresh(hook)
    assert hook.problem


@pytest.mark.parametrize("begins", ["SELECT return_hooks", "INSERT INTO returns", "COMMIT"])
def test_nothing_is_acknowledged_that_is_not_kept(client, hook, workspace, begins):
    """The provider asks again after a 5xx, and finds the database back."""
    address, workspace_id = f"/hooks/{hook.public_id}", workspace.id
    db.session.remove()

    with database_away(when=begins):
        answer = client.post(address, data=bounce(), headers=basic("secret"))
    assert answer.status_code == 503
    assert db.session.scalars(select(Return)).all() == []

    assert client.post(address, data=bounce(), headers=basic("secret")).json == {"noted": 1}
    assert suppression_of(workspace_id, BEN) is not None


@contextmanager
def database_away(*, when):
    """Break the connection before a statement that begins so, or before the commit."""

    def breaks(*args):
        statement = args[2] if len(args) > 2 else "COMMIT"
        if " ".join(statement.split()).startswith(when):
            raise OperationalError(statement, {}, Exception("the server closed the connection"))

    name = "commit" if when == "COMMIT" else "before_cursor_execute"
    event.listen(db.engine, name, breaks)
    try:
        yield
    finally:
        event.remove(db.engine, name, breaks)


def test_an_unknown_hook_is_not_there(client, app):
    assert client.post("/hooks/hok_00000000000000000000000000", data="{}").status_code == 404
    assert client.post("/hooks/nonsense", data="{}").status_code == 404
