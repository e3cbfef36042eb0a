"""Campaigns go to segments of their lists, and leave others out."""

import pytest

from mailer.campaigns.duplicate import duplicate
from mailer.campaigns.launch import launch
from mailer.campaigns.narrowing import chosen_ids, narrow
from mailer.campaigns.preflight import preflight
from mailer.db import db
from mailer.delivery.models import Delivery
from mailer.delivery.prepare import prepare_campaign
from mailer.errors import Conflict, NotFound
from mailer.lib.clock import utcnow
from mailer.segments.save import create_segment, delete_segment, update_segment
from tests import factories


def named(letters):
    tests = [{"type": "detail", "detail": "email", "test": "begins", "value": letter} for letter in letters]
    return {"type": "group", "match": "any", "conditions": tests}


@pytest.fixture
def sunday(workspace):
    bread = factories.mailing_list(workspace)
    for name in ("anna", "bert", "cora"):
        factories.subscriber(workspace, f"{name}@example.com", on=bread)
    factories.subscriber(workspace, "aside@example.com")
    return factories.campaign(workspace, lists=[bread])


def reached(campaign):
    launch(campaign, now=utcnow())
    db.session.commit()
    prepare_campaign(campaign.id)
    found = db.session.query(Delivery).filter_by(campaign_id=campaign.id)
    return sorted(row.email.partition("@")[0] for row in found)


@pytest.mark.parametrize(
    ("included", "excluded", "names"),
    [("", "", "anna bert cora"), ("ab", "", "anna bert"), ("", "b", "anna cora"), ("abc", "ac", "bert")],
)
def test_who_gets_it_is_who_was_counted(workspace, sunday, included, excluded, names):
    now = utcnow()
    segments = {
        words: create_segment(workspace.id, f"In {words}", named(words), now=now).public_id
        for words in {included, excluded}
        if words
    }
    narrow(
        sunday,
        included=[segments[included]] if included else [],
        excluded=[segments[excluded]] if excluded else [],
    )

    counted = preflight(sunday, now=now).reach.people

    assert " ".join(reached(sunday)) == names
    assert counted == len(names.split())


def test_what_a_segment_asks_is_decided_at_the_launch(workspace, sunday):
    segment = create_segment(workspace.id, "A", named("a"), now=utcnow())
    narrow(sunday, included=[segment.public_id], excluded=[])
    launch(sunday, now=utcnow())
    update_segment(segment, name="A", conditions=named("bc"), now=utcnow())
    delete_segment(segment)
    db.session.commit()

    prepare_campaign(sunday.id)

    assert [row.email for row in db.session.query(Delivery)] == ["anna@example.com"]
    with pytest.raises(Conflict):
        narrow(sunday, included=[], excluded=[])


def test_segments_of_others_and_deleted_ones_reach_nobody(workspace, other_workspace, sunday):
    theirs = create_segment(other_workspace.id, "Theirs", named("a"), now=utcnow())
    with pytest.raises(NotFound):
        narrow(sunday, included=[theirs.public_id], excluded=[])
    ours = create_segment(workspace.id, "Ours", named("a"), now=utcnow())
    narrow(sunday, included=[ours.public_id], excluded=[])
    delete_segment(ours)

    assert reached(sunday) == []


def test_conditions_about_lists_are_about_the_person_and_not_the_place(workspace, sunday):
    offers = factories.mailing_list(workspace, "Offers")
    anna = factories.subscriber(workspace, "zoe@example.com", on=sunday.lists[0])
    factories.subscription(anna, offers)
    on_both = {"conditions": [{"type": "list", "list": offers.public_id}]}
    segment = create_segment(workspace.id, "Offers too", on_both, now=utcnow())
    narrow(sunday, included=[segment.public_id], excluded=[])

    assert preflight(sunday, now=utcnow()).reach.people == 1
    assert reached(sunday) == ["zoe"]


def test_a_copy_goes_to_the_same_segments(workspace, sunday):
    a, b = (create_segment(workspace.id, f"In {each}", named(each), now=utcnow()).public_id for each in "ab")
    narrow(sunday, included=[a], excluded=[b])

    made = duplicate(sunday)

    assert chosen_ids(made, is_excluded=False) == [a]
    assert chosen_ids(made, is_excluded=True) == [b]
