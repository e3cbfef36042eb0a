from datetime import UTC, datetime, timedelta

import pytest

from mailer.audience.models import MailingList, Subscriber
from mailer.consent.models import Channel, ConsentRecord, Evidence
from mailer.db import db
from tests import factories

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

BY_SIGN_UP = Evidence(Channel.SIGNUP_PAGE, words="Yes, weekly.", ip="192.0.2.1", user_agent="Browser/1")
BY_LINK = Evidence(Channel.LINK)
BY_PREFERENCE = Evidence(Channel.PREFERENCE_PAGE)
BY_API = Evidence(Channel.API)
BY_STAFF = Evidence(Channel.STAFF, words="Asked at the counter.")


@pytest.fixture
def bread(workspace) -> MailingList:
    """Ana's public list, with double opt-in."""
    return factories.mailing_list(workspace, "Weekly bread")


@pytest.fixture
def reader(workspace) -> Subscriber:
    """Someone on no list yet."""
    return factories.subscriber(workspace, "reader@example.com")


def acts_of(subscriber: Subscriber) -> list[str]:
    records = (
        db.session.query(ConsentRecord).filter_by(subscriber_id=subscriber.id).order_by(ConsentRecord.id)
    )
    return [record.act.value for record in records]
