"""The demo world: believable, consistent, sending nothing, gone without a trace."""

import re

import pytest
from sqlalchemy import func, select

from mailer.accounts.models import Workspace
from mailer.audience.models import MailingList, Subscriber, Subscription, SubscriptionStatus
from mailer.audience.queries.lists import counts_of
from mailer.campaigns.breakdown import breakdown
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.campaigns.report import by_hour, report
from mailer.consent.models import ConsentRecord
from mailer.db import db
from mailer.delivery.models import Delivery
from mailer.errors import Forbidden
from mailer.lib.clock import utcnow
from mailer.seeds.demo import plant, remove
from mailer.segments.models import Segment
from mailer.tracking.judge_again import judge_again
from mailer.tracking.models import Click, Facet, Open
from mailer.tracking.verdicts import Reason, Verdict
from tests import factories


def count(model, *conditions) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions))


@pytest.fixture
def demo(ana):
    made = plant(ana, now=utcnow())
    db.session.commit()
    return made


def test_it_is_believable_and_sends_nothing(demo, queued):
    """One world for all that only looks at it: planting takes seconds."""
    has_a_history_to_look_at(demo)
    its_people_are_at_several_providers_where_no_mail_goes(demo)
    its_sums_agree_with_its_rows(demo)
    its_machines_are_told_from_people(demo)
    assert queued() == []


def has_a_history_to_look_at(demo):
    lists = db.session.scalars(select(MailingList).where(MailingList.workspace_id == demo.id)).all()
    campaigns = db.session.scalars(
        select(Campaign).where(Campaign.workspace_id == demo.id).order_by(Campaign.id)
    ).all()

    assert demo.is_demo
    assert count(Subscriber, Subscriber.workspace_id == demo.id) == 2_000
    assert len(lists) == 3
    statuses = [campaign.status for campaign in campaigns]
    assert statuses == [CampaignStatus.FINISHED] * 3 + [CampaignStatus.DRAFT]
    for campaign in campaigns[:3]:
        figures = report(campaign)
        assert figures.audience > 1_200
        assert figures.accepted / figures.audience > 0.9
        assert 0.3 < figures.opens.human_people / figures.accepted < 0.65
        assert 0.03 < figures.clicks.human_people / figures.accepted < 0.25
        assert figures.waiting == 0
        assert len([hour for hour in by_hour(campaign) if hour.opens]) > 24
        assert all(link.people for link in figures.links[:3])
    segments = db.session.scalars(select(Segment).where(Segment.workspace_id == demo.id)).all()
    assert len(segments) == 2
    assert all(20 < segment.last_count < 1_000 for segment in segments)
    assert sum(report(campaign).unsubscribes for campaign in campaigns) > 3
    assert sum(report(campaign).rejected for campaign in campaigns) > 3


def its_people_are_at_several_providers_where_no_mail_goes(demo):
    emails = db.session.scalars(select(Subscriber.email).where(Subscriber.workspace_id == demo.id)).all()
    sent = db.session.scalars(select(Campaign).where(Campaign.launched_at.is_not(None))).first()

    assert all(re.search(r"(@|\.)example(\.com|\.org)?$", email) for email in emails)
    named = {part.name: part for part in breakdown(sent, Facet.PROVIDER)}
    assert {"Gmail", "Outlook", "iCloud", "Yahoo", "GMX and WEB.DE", "Others"} == set(named)
    assert all(0 < part.opened < part.accepted for part in named.values())


def its_sums_agree_with_its_rows(demo):
    now = utcnow()
    for campaign in db.session.scalars(
        select(Campaign).where(Campaign.workspace_id == demo.id, Campaign.launched_at.is_not(None))
    ):
        figures = report(campaign)
        assert figures.audience == count(Delivery, Delivery.campaign_id == campaign.id)
        assert figures.opens.total == count(Open, Open.campaign_id == campaign.id)
        assert figures.opens.people == count(
            Delivery, Delivery.campaign_id == campaign.id, Delivery.opened_at.is_not(None)
        )
        assert figures.clicks.total == count(Click, Click.campaign_id == campaign.id)
        trapped = count(
            Click, Click.campaign_id == campaign.id, Click.link_number == campaign.message.trap_link
        )
        assert sum(link.total for link in figures.links) == figures.clicks.total - trapped
    assert count(Open, Open.at > now) == 0
    weekly = db.session.scalar(
        select(MailingList).where(MailingList.workspace_id == demo.id, MailingList.name == "Weekly bread")
    )
    counts = counts_of([weekly])[weekly.id]
    for status, counted in (
        (SubscriptionStatus.ACTIVE, counts.active),
        (SubscriptionStatus.PENDING, counts.pending),
        (SubscriptionStatus.UNSUBSCRIBED, counts.unsubscribed),
    ):
        on_list = (Subscription.list_id == weekly.id, Subscription.status == status)
        assert counted == count(Subscription, *on_list) > 0


def its_machines_are_told_from_people(demo):
    """By the judge that judges real ones, in the company of each other too."""
    for campaign in db.session.scalars(
        select(Campaign).where(Campaign.workspace_id == demo.id, Campaign.launched_at.is_not(None))
    ):
        figures = report(campaign)
        told = {(one.verdict, one.reason) for one in figures.verdicts if not one.verdict.is_human}
        deliveries = set(
            db.session.scalars(select(Delivery.id).where(Delivery.campaign_id == campaign.id)).all()
        )

        assert {Verdict.APPLE_MPP, Verdict.PREFETCH, Verdict.SCANNER} == {verdict for verdict, _ in told}
        assert (Verdict.SCANNER, Reason.HIDDEN_LINK) in told
        assert (Verdict.SCANNER, Reason.GATEWAY) in told
        assert figures.clicks.people > 1.2 * figures.clicks.human_people
        judge_again(deliveries)
        assert report(campaign) == figures


def test_planting_twice_gives_the_same_one_and_removing_it_leaves_no_row_of_it(demo, ana, workspace):
    ours = factories.subscriber(workspace, on=factories.mailing_list(workspace))
    db.session.commit()

    assert plant(ana, now=utcnow()) == demo
    assert count(Workspace, Workspace.is_demo) == 1

    remove(demo)
    db.session.commit()

    for table in db.metadata.sorted_tables:
        if "workspace_id" in table.columns:
            rows = select(func.count()).where(table.c.workspace_id != workspace.id)
            assert db.session.scalar(rows) == 0, table.name
    assert count(Workspace) == 1
    assert count(Delivery) == count(Open) == count(ConsentRecord) == 0
    assert db.session.get(Subscriber, ours.id) is not None


def test_a_real_workspace_is_not_removed(workspace):
    with pytest.raises(Forbidden):
        remove(workspace)
