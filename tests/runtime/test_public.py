"""Health, as a load balancer asks for it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine

from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.runtime.heartbeat import SILENCE, Process, beat


@contextmanager
def without_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database that does not answer, for the length of the block."""
    with monkeypatch.context() as patch:
        patch.setitem(db.engines, None, create_engine("sqlite:////nowhere/at/all.sqlite"))
        yield


def test_alive_needs_no_database(client, monkeypatch):
    with without_database(monkeypatch):
        answer = client.get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_not_ready_without_workers_and_broker(client):
    answer = client.get("/readyz")

    assert answer.status_code == 503
    checks = {name: check["ok"] for name, check in answer.json["checks"].items()}
    assert checks == {
        "database": True,
        "migrations": True,
        "worker:transactional": False,
        "worker:campaigns": False,
        "broker": True,
    }


def test_ready_when_each_queue_has_a_living_worker(client):
    beat(Process("worker", "here", 1, ("transactional",)), now=utcnow())
    beat(Process("worker", "here", 2, ("campaigns",)), now=utcnow())
    db.session.commit()

    assert client.get("/readyz").json["status"] == "ready"


def test_a_silent_worker_counts_for_nothing(client):
    beat(Process("worker", "here", 1, ("transactional", "campaigns")), now=utcnow() - SILENCE * 2)
    db.session.commit()

    assert client.get("/readyz").status_code == 503


def test_a_dead_database_is_named(client, monkeypatch):
    with without_database(monkeypatch):
        answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json["checks"]["database"]["ok"] is False
