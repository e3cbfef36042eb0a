"""What mail from a domain came to, kept with every outcome and made again to the same."""

from sqlalchemy import func, select

from mailer.bounces.models import Trust, Via
from mailer.bounces.parsers.returned import Kind
from mailer.bounces.recognise import Recognised
from mailer.bounces.record import Told, record
from mailer.bounces.sums import recount_returns
from mailer.db import db
from mailer.delivery import send
from mailer.delivery.models import SendingSum
from mailer.delivery.sending_sums import Fate, recount_fates
from mailer.lib.clock import utcnow
from tests import factories
from tests.delivery.conftest import deliveries


def sums():
    """Every sum by domain and provider."""
    rows = db.session.execute(
        select(
            SendingSum.domain,
            SendingSum.provider,
            *(func.sum(getattr(SendingSum, fate.value)) for fate in Fate),
        ).group_by(SendingSum.domain, SendingSum.provider)
    )
    return {
        (domain, provider): {fate.value: int(n) for fate, n in zip(Fate, numbers, strict=True) if n}
        for domain, provider, *numbers in rows
    }


def test_every_outcome_is_counted_where_it_happened_and_again_to_the_same(
    workspace, bread, readers, launch, smtp
):
    for name in ("ann", "bob", "cat"):
        factories.subscriber(workspace, f"{name}@gmail.com", on=bread)
    replies = {
        "ann@gmail.com": "550 5.1.1 No such user",
        "bob@gmail.com": "450 4.2.1 Slow down",
        "reader-1@example.com": "550 5.2.2 Mailbox full",
    }
    smtp.script = lambda stage, recipient: replies.get(recipient) if stage == "rcpt" else None
    run = launch(bread)
    send.deliver_due()
    hard = deliveries()["reader-2@example.com"]
    told = Told(Kind.BOUNCE, hard.email, "mail:1", is_hard=True)
    record(told, Recognised(hard, Trust.TOKEN), workspace_id=workspace.id, via=Via.MAILBOX, now=utcnow())
    db.session.commit()

    expected = {
        ("bakery.example", "Gmail"): {"accepted": 1, "rejected": 1, "refused": 1, "deferred": 1},
        ("bakery.example", "Others"): {"accepted": 4, "rejected": 1, "hard": 1},
    }
    assert sums() == expected
    recount_fates(run.campaign_id)
    recount_returns(run.campaign_id)
    assert sums() == expected
