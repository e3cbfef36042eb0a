"""A PostgreSQL that refuses, and one that says nothing at all: whoever waits hears so in time."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiosmtpd.smtp import LoginPassword
from flask.testing import FlaskClient
from sqlalchemy import create_engine, func, select, text

import mailer.patience
from mailer.accounts.keys import create_key
from mailer.accounts.scopes import EVERYTHING
from mailer.core import ENGINE_OPTIONS
from mailer.db import DATABASE_AWAY, db
from mailer.delivery.models import Message
from mailer.patience import PatientConnection, patiently
from mailer.transactional.submission.server import Submission
from tests.api.test_busy_database import BODY, OTHERS_CALLS
from tests.support.proxy import Line, line_to

TROUBLES: dict[str, Callable[[Line], None]] = {"refuses": Line.cut, "says nothing": Line.swallow}
HOOK = "/hooks/hok_01k2m8w5c4e0t9q7y3x6v1b2n8"


@pytest.fixture
def secret(workspace) -> str:
    _, secret = create_key(workspace.id, name="Shop", scopes=[EVERYTHING])
    db.session.commit()
    return secret


@pytest.fixture
def browser(ana, sign_in) -> FlaskClient:
    """Ana's."""
    return sign_in(ana)


@pytest.fixture
def line(app, secret, tmp_path, monkeypatch) -> Iterator[Line]:
    """The way of the application to its database, with a statement under way as often as not."""
    direct = db.engine
    if direct.dialect.name != "postgresql":
        pytest.skip("A file neither refuses nor hangs.")
    db.session.remove()
    by_line = {"host": str(tmp_path), "connect_timeout": "2"}
    with line_to(Path(str(direct.url.query["host"])), tmp_path) as line, monkeypatch.context() as patch:
        engine = create_engine(direct.url.update_query_dict(by_line), **ENGINE_OPTIONS)
        patch.setattr(PatientConnection, "seconds", 0.2)
        patch.setattr(mailer.patience, "_CANCEL_SECONDS", 0.2)
        patch.setitem(db.engines, None, engine)
        yield line
        db.session.remove()
        engine.dispose()


@pytest.fixture(params=TROUBLES)
def trouble(request, line) -> Callable[[], None]:
    """What goes wrong, once there is a connection that was well."""

    def begin() -> None:
        line.mend()
        with db.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        TROUBLES[request.param](line)

    return begin


def test_a_program_is_told_when_to_come_back_and_is_served_then(client, secret, line, trouble):
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "order-17"}
    client.post("/api/v1/emails", json=BODY, headers={**headers, "Idempotency-Key": "order-16"})
    trouble()

    answers = [client.post("/api/v1/emails", json=BODY, headers=headers) for _ in range(2)]

    assert [(one.status_code, one.mimetype) for one in answers] == [(503, "application/problem+json")] * 2
    assert {one.headers["Retry-After"] for one in answers} == {"1"}
    line.mend()
    assert client.post("/api/v1/emails", json=BODY, headers=headers).status_code == 200
    assert db.session.scalar(select(func.count()).select_from(Message)) == 2


@pytest.mark.parametrize(("call", "body", "said"), OTHERS_CALLS)
def test_other_services_clients_hear_it_in_their_words(client, secret, trouble, call, body, said):
    headers = {"Authorization": f"Bearer {secret}", "X-Postmark-Server-Token": secret}
    trouble()

    answer = client.post(f"/compat/{call}", json=body, headers=headers)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert said in answer.json


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", HOOK), ("GET", "/api/v1/webhooks"), ("GET", "/w/bakery/"), ("GET", "/readyz")],
)
def test_so_does_whoever_comes_to_another_door(browser, secret, trouble, method, path):
    trouble()

    answer = browser.open(path, method=method, headers={"Authorization": f"Bearer {secret}"})

    assert answer.status_code == 503


def test_by_smtp_a_mail_is_put_off(app, secret, trouble):
    submission = Submission(app)
    trouble()
    taking = submission._in_thread(
        submission._take, secret, b"From: a@example.com\r\n\r\nHi", ["b@example.com"]
    )

    assert asyncio.run(taking).startswith("451 4.3.0")


def test_by_smtp_no_key_is_called_wrong(app, secret, trouble):
    trouble()

    answer = asyncio.run(Submission(app).let_in(LoginPassword(b"mailer", secret.encode())))

    assert (answer.success, answer.message[:9]) == (False, "454 4.7.0")


def test_a_statement_that_is_only_slow_is_ended_on_the_server_as_well(line, monkeypatch):
    with pytest.raises(DATABASE_AWAY), db.engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(17), pg_sleep(60)"))

    with monkeypatch.context() as patch, db.engine.connect() as connection:
        patch.setattr(PatientConnection, "seconds", 20)
        connection.execute(text("SELECT pg_advisory_lock(17)"))


def test_what_touches_everybody_may_take_its_time(line):
    with patiently(), db.engine.connect() as connection:
        assert connection.scalar(text("SELECT 1 FROM pg_sleep(0.4)")) == 1


def test_a_pool_that_is_empty_is_a_database_that_is_away(client, secret, line, monkeypatch):
    engine = create_engine(db.engine.url, pool_size=1, max_overflow=0, pool_timeout=0.1, **ENGINE_OPTIONS)

    with monkeypatch.context() as patch, engine.connect():
        patch.setitem(db.engines, None, engine)
        answer = client.post("/api/v1/emails", json=BODY, headers={"Authorization": f"Bearer {secret}"})
        db.session.remove()

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    engine.dispose()
