"""A database that somebody else writes to for too long: a call says so, and does nothing by halves."""

import sqlite3

import pytest
from sqlalchemy import func, select

import mailer.sqlite
from mailer.accounts.keys import create_key
from mailer.accounts.scopes import EVERYTHING
from mailer.db import db, reading_apart
from mailer.delivery.models import Message

BODY = {"from": "ana@example.com", "to": "sam@example.com", "subject": "Hi", "html": "<p>Hi</p>"}
#: Calls in the words of other services, and where each looks for what went wrong.
OTHERS_CALLS = [
    ("resend/emails", BODY, "message"),
    (
        "postmark/email",
        {"From": "ana@example.com", "To": "sam@example.com", "Subject": "Hi", "TextBody": "Hi"},
        "Message",
    ),
    (
        "sendgrid/v3/mail/send",
        {
            "personalizations": [{"to": [{"email": "sam@example.com"}]}],
            "from": {"email": "ana@example.com"},
            "subject": "Hi",
            "content": [{"type": "text/plain", "value": "Hi"}],
        },
        "errors",
    ),
]


@pytest.fixture
def secret(workspace):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("Writers do not wait for each other there.")
    _, secret = create_key(workspace.id, name="Shop", scopes=[EVERYTHING])
    db.session.commit()
    return secret


@pytest.fixture
def busy(secret, monkeypatch):
    """Another process’s write that does not end."""
    monkeypatch.setattr(mailer.sqlite, "_BUSY_SECONDS", 0.05)
    other = sqlite3.connect(db.engine.url.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


def test_a_message_is_not_taken_and_the_program_hears_when_to_come_back(client, secret, busy):
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "order-17"}

    answer = client.post("/api/v1/emails", json=BODY, headers=headers)

    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert answer.headers["Retry-After"] == "1"
    with reading_apart() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 0


@pytest.mark.parametrize(("call", "body", "said"), OTHERS_CALLS)
def test_other_services_clients_hear_it_in_their_words(client, secret, busy, call, body, said):
    headers = {"Authorization": f"Bearer {secret}", "X-Postmark-Server-Token": secret}

    answer = client.post(f"/compat/{call}", json=body, headers=headers)

    assert (answer.status_code, answer.mimetype) == (503, "application/json")
    assert answer.headers["Retry-After"] == "1"
    assert said in answer.json


def test_a_provider_is_asked_to_come_back(client, secret, workspace, busy):
    answer = client.post("/hooks/hok_01k2m8w5c4e0t9q7y3x6v1b2n8", data=b"{}")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


def test_who_has_no_key_hears_so_at_once(client, busy):
    answer = client.post("/api/v1/emails", json=BODY, headers={"Authorization": "Bearer mlr_unknown"})

    assert answer.status_code == 401
