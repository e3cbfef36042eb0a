"""Asking for background work."""

import dramatiq
import pytest

from mailer.broker import broker_for
from mailer.db import db
from mailer.jobs import SEND_WELCOME, later
from tests import factories


def test_a_job_waits_for_the_commit(workspace, queued):
    later(SEND_WELCOME, "scn_1")

    assert queued() == []
    db.session.commit()
    assert queued() == [("send_welcome", "scn_1")]


def test_a_rolled_back_job_is_forgotten(workspace, queued):
    later(SEND_WELCOME, "scn_1")
    db.session.rollback()

    db.session.commit()

    assert queued() == []


@pytest.mark.parametrize("url", ["unix:///nowhere/broker.sock", "redis://127.0.0.1:1/0"])
def test_a_broker_that_is_down_fails_no_request(workspace, url, caplog):
    dramatiq.set_broker(broker_for(url))
    factories.mailing_list(workspace)
    later(SEND_WELCOME, "scn_1")

    db.session.commit()

    assert "the sweep will ask again" in caplog.text
