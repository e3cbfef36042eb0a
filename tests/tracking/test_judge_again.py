"""A day over a campaign: the verdicts against the truth, and the sums against the events."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from mailer.db import db
from mailer.delivery.models import Delivery, Message
from mailer.lib.ids import uuid7
from mailer.proof.day import CHROME, LAUNCH, LINKS, TRAP, Reader, simulate
from mailer.tracking.ingest import store
from mailer.tracking.judge_again import judge_campaign
from mailer.tracking.models import (
    Activity,
    Click,
    Facet,
    FacetActivity,
    HourlyActivity,
    LinkActivity,
    Open,
    VerdictActivity,
)
from mailer.tracking.rebuild import rebuild_activity
from mailer.tracking.spool import Event
from mailer.tracking.sums import add_departures
from mailer.tracking.verdicts import HUMAN_VERDICTS

READERS = 2_000


@pytest.fixture
def campaign(app, bread, launch):
    """A campaign that every reader's server has taken, and its deliveries."""
    run = launch(bread, links=[f"https://bakery.example/{number}" for number in range(LINKS + 1)])
    (first,) = db.session.scalars(select(Delivery).limit(1)).all() or (None,)
    assert first is None, "this campaign's readers are made here"
    message = db.session.get(Message, run.message_id)
    message.trap_link = TRAP
    readers = [Reader(uuid7(), LAUNCH) for _ in range(READERS)]
    db.session.execute(
        Delivery.__table__.insert(),
        [
            {
                "id": reader.delivery_id,
                "created_at": LAUNCH,
                "workspace_id": run.workspace_id,
                "message_id": run.message_id,
                "campaign_id": run.campaign_id,
                "email": f"{number}@example.com",
                "state": "accepted",
                "attempt": 1,
                "crash_count": 0,
                "reply": "",
                "ended_at": LAUNCH,
            }
            for number, reader in enumerate(readers)
        ],
    )
    db.session.commit()
    return run, readers


def sums_are_true(campaign_id):
    """Compare every kept sum with what the events say."""
    for activity, model in ((Activity.OPEN, Open), (Activity.CLICK, Click)):
        events = db.session.execute(
            select(model.delivery_id, model.verdict).where(model.campaign_id == campaign_id)
        ).all()
        human = [event for event in events if event.verdict in HUMAN_VERDICTS]
        figures = ("total", "people", "human_total", "human_people")
        kept = db.session.execute(
            select(*(func.sum(getattr(HourlyActivity, name)) for name in figures)).where(
                HourlyActivity.campaign_id == campaign_id, HourlyActivity.activity == activity
            )
        ).one()
        people, humans = {each.delivery_id for each in events}, {each.delivery_id for each in human}
        assert tuple(number or 0 for number in kept) == (len(events), len(people), len(human), len(humans))
        for facet in Facet:
            by_facet = db.session.execute(
                select(*(func.sum(getattr(FacetActivity, name)) for name in figures)).where(
                    FacetActivity.activity == activity, FacetActivity.facet == facet
                )
            ).one()
            assert tuple(by_facet) == tuple(kept)
        by_verdict = db.session.execute(
            select(VerdictActivity.verdict, func.sum(VerdictActivity.total))
            .where(VerdictActivity.campaign_id == campaign_id, VerdictActivity.activity == activity)
            .group_by(VerdictActivity.verdict)
        )
        assert {v: n for v, n in by_verdict if n} == Counter(event.verdict for event in events)
        first = Delivery.human_opened_at if model is Open else Delivery.human_clicked_at
        assert db.session.scalar(select(func.count()).where(first.is_not(None))) == len(humans)
    links = db.session.execute(
        select(Click.link_number, func.count()).where(Click.link_number != TRAP).group_by(Click.link_number)
    )
    kept_links = db.session.execute(select(LinkActivity.link_number, LinkActivity.total))
    assert dict(tuple(row) for row in links) == dict(tuple(row) for row in kept_links)


def test_a_day_is_judged_as_it_was_and_the_sums_are_those_of_its_events(campaign):
    run, readers = campaign
    day = simulate(readers, message_id=run.message_id)

    for start in range(0, len(day.events), 700):
        store(day.events[start : start + 700])
        db.session.commit()

    verdicts = dict(tuple(row) for row in db.session.execute(select(Click.id, Click.verdict)))
    called = {identifier for identifier, verdict in verdicts.items() if verdict in HUMAN_VERDICTS}
    people = {event.id for event in day.clicks if event.id in day.human}
    machines = verdicts.keys() - people
    # Both ways: people among those called people, and machines among those called machines.
    assert len(called & people) / len(called) >= 0.95
    assert len(called & people) / len(people) >= 0.95
    assert len(machines - called) / len(machines) >= 0.95
    assert len(machines - called) / len(verdicts.keys() - called) >= 0.95
    sums_are_true(run.campaign_id)


def test_what_is_judged_again_comes_to_the_same_sums(campaign):
    run, readers = campaign
    day = simulate(readers[:300], message_id=run.message_id, seed=2)
    store(day.events)
    db.session.commit()
    before = dict(tuple(row) for row in db.session.execute(select(Click.id, Click.verdict)))
    for model in (Open, Click):
        db.session.execute(update(model).values(judged_by=0))
    db.session.commit()

    judged = judge_campaign(run.campaign_id)

    assert judged == len({event.delivery_id for event in day.events})
    assert dict(tuple(row) for row in db.session.execute(select(Click.id, Click.verdict))) == before
    sums_are_true(run.campaign_id)


def test_a_crowd_that_shows_later_takes_back_who_was_counted(campaign):
    run, readers = campaign
    day = simulate(readers, message_id=run.message_id)
    crowd = [event for event in day.clicks if event.network == "198.51.100.0/24"]

    store(crowd[:5])
    db.session.commit()
    early = db.session.scalar(select(func.sum(HourlyActivity.human_people)))
    store(crowd[5:])
    db.session.commit()

    assert early == 5
    assert db.session.scalar(select(func.sum(HourlyActivity.human_people))) == 0
    sums_are_true(run.campaign_id)


def test_a_gateway_that_follows_one_link_of_each_mail_is_taken_back_once_it_shows(campaign):
    run, readers = campaign
    clicks = [
        Event(
            uuid7(),
            run.message_id,
            reader.delivery_id,
            LAUNCH + timedelta(seconds=3 * number),
            number % LINKS,
            CHROME,
            "192.0.2.0/24",
        )
        for number, reader in enumerate(readers[:6], 1)
    ]

    store(clicks[:4])
    db.session.commit()
    early = db.session.scalar(select(func.sum(HourlyActivity.human_people)))
    store(clicks[4:])
    db.session.commit()

    assert early == 4
    assert db.session.scalar(select(func.sum(HourlyActivity.human_people))) == 0
    sums_are_true(run.campaign_id)


def test_rebuilt_sums_are_those_that_were_kept(campaign):
    run, readers = campaign
    day = simulate(readers[:400], message_id=run.message_id, seed=3)
    for start in range(0, len(day.events), 150):
        store(day.events[start : start + 150])
        db.session.commit()
    left = Delivery.__table__.update().where(Delivery.id == readers[0].delivery_id)
    db.session.execute(left.values(unsubscribed_at=LAUNCH))
    add_departures(run.campaign_id, [LAUNCH])
    db.session.commit()
    kept = sums()

    rebuild_activity(run.campaign_id)

    assert sums() == kept
    assert all(kept.values())


def sums():
    """Every sum that is not zero, by table."""
    return {
        model.__tablename__: {
            tuple(row) for row in db.session.execute(select(*model.__table__.c).where(model.total > 0))
        }
        for model in (HourlyActivity, LinkActivity, FacetActivity, VerdictActivity)
    }
