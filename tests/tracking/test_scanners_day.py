"""A scanner's day: a gateway asks for every address in every mail, twice, by GET and HEAD."""

import re
from email import message_from_bytes, policy

from sqlalchemy import func, select

from mailer.audience.models import Subscription, SubscriptionStatus
from mailer.campaigns.launch import launch
from mailer.consent.models import ConsentRecord
from mailer.db import db
from mailer.delivery import send
from mailer.delivery.models import Delivery
from mailer.delivery.prepare import prepare_campaign
from mailer.lib.clock import utcnow
from mailer.proof.day import CHROME
from mailer.tracking.ingest import ingest_events
from mailer.tracking.models import Activity, Click, HourlyActivity, Open
from mailer.tracking.verdicts import HUMAN_VERDICTS
from tests import factories

URL = re.compile(r"https?://localhost(/[^\s\"'<>]+)")


def addresses_in(data):
    """Every address of ours in a mail: links, the pixel, and the ways to leave in its headers."""
    mail = message_from_bytes(data, policy=policy.default)
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    return {path.rstrip(">).,") for text in [*parts, mail["list-unsubscribe"]] for path in URL.findall(text)}


def test_nothing_comes_of_it(client, workspace, bread, readers, smtp):
    body = "[Order](https://bakery.example/order) or [look](https://bakery.example/)"
    campaign = factories.campaign(workspace, lists=[bread], body=body)
    launch(campaign, now=utcnow())
    db.session.commit()
    prepare_campaign(campaign.id)
    send.deliver_due()
    paths = [path for received in smtp.received for path in addresses_in(received.data)]
    assert len(paths) >= 6 * len(smtp.received)

    for path in paths * 2:
        for ask in (client.get, client.head):
            answer = ask(path, headers={"User-Agent": CHROME}, environ_base={"REMOTE_ADDR": "192.0.2.9"})
            assert answer.status_code < 500
    ingest_events()
    db.session.expire_all()

    for model in (Open, Click):
        human = select(func.count()).where(model.verdict.in_(HUMAN_VERDICTS))
        assert (
            db.session.scalar(human.where(model.link_number.is_not(None)) if model is Click else human) == 0
        )
    left = select(func.count()).where(Subscription.status != SubscriptionStatus.ACTIVE)
    assert db.session.scalar(left) == 0
    assert db.session.scalar(select(func.count()).select_from(ConsentRecord)) == 0
    assert set(db.session.scalars(select(Delivery.human_opened_at))) == {None}
    assert db.session.scalar(select(func.count()).where(HourlyActivity.activity == Activity.UNSUBSCRIBE)) == 0
