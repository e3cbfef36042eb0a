"""Several workers at one campaign, as in production: threads of one process and of many."""

import threading
from collections import Counter

from mailer.consent.models import SuppressionReason
from mailer.consent.suppress import suppress
from mailer.db import db
from mailer.delivery import lane, ledger, prepare, send
from mailer.delivery.models import DeliveryState
from tests import factories

WORKERS = 4
READERS = 240


def test_they_share_the_work_and_nobody_is_mailed_twice(app, workspace, bread, launch, smtp, monkeypatch):
    for number in range(READERS):
        factories.subscriber(workspace, f"r{number}@example.com", on=bread)
    suppress(workspace.id, "r0@example.com", SuppressionReason.MANUAL)
    monkeypatch.setattr(prepare.prepare_next, "__kwdefaults__", {"rows": 20})
    monkeypatch.setattr(lane, "_CHECK_SECONDS", 0.01)
    smtp.script = lambda stage, recipient: (
        "550 5.1.1 gone" if stage == "rcpt" and recipient == "r1@example.com" else None
    )
    run = launch(bread)
    campaign_id = run.campaign_id
    db.session.rollback()
    troubles = []

    def work():
        with app.app_context():
            try:
                for _ in range(READERS // 20 + 1):
                    send.deliver_due()
            except Exception as error:
                troubles.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert troubles == []
    received = Counter(message.recipient for message in smtp.received)
    assert len(received) == READERS - 2
    assert set(received.values()) == {1}
    states = {DeliveryState.ACCEPTED: READERS - 2, DeliveryState.SKIPPED: 1, DeliveryState.REJECTED: 1}
    assert ledger.counts_of(campaign_id) == states
    ledger.recount(campaign_id)
    assert ledger.counts_of(campaign_id) == states
