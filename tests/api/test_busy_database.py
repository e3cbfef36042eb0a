"""A database that somebody else writes to for too long: a call says so, and does nothing by halves."""

import sqlite3

import pytest
from sqlalchemy import func, select

import mailer.db
from mailer.accounts.keys import create_key
from mailer.accounts.scopes import EVERYTHING
from mailer.db import db, reading_apart
from mailer.delivery.models import Message

BODY = {"from": "ana@example.com", "to": "sam@example.com", "subject": "Hi", "html": "<p>Hi</p>"}


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
    monkeypatch.setattr(mailer.db, "_BUSY_SECONDS", 0.05)
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


def test_who_has_no_key_hears_so_at_once(client, busy):
    answer = client.post("/api/v1/emails", json=BODY, headers={"Authorization": "Bearer mlr_unknown"})

    assert answer.status_code == 401
