"""Who was in what on a day: of lists by the records of consent, of segments by following them."""

from datetime import timedelta

import pytest

from mailer import signals
from mailer.audience.models import OptIn, SubscriptionStatus
from mailer.audience.tags import add_tags, set_tags
from mailer.consent.models import Act, Channel, Evidence
from mailer.consent.record import keep_record
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.clock import utcnow
from mailer.segments import members
from mailer.segments.conditions import read_tree
from mailer.segments.follow import follow, look_again, unfollow
from mailer.segments.membership import latest_changes
from mailer.segments.models import SegmentChange
from mailer.segments.save import create_segment
from tests import factories

NOW = utcnow()
DAY = timedelta(days=1)


def who(workspace, *conditions, now=NOW):
    tree = read_tree({"conditions": conditions})
    return sorted(row.email[0] for row in db.session.scalars(members.people_in(workspace.id, tree, now=now)))


def test_who_was_on_a_list_on_a_day_is_told_by_the_records(workspace):
    bread = factories.mailing_list(workspace, opt_in=OptIn.SINGLE)
    ana = factories.subscriber(workspace, "ana@example.com", on=bread)
    ben = factories.subscriber(workspace, "ben@example.com", on=bread, status=SubscriptionStatus.UNSUBSCRIBED)
    factories.subscriber(workspace, "cleo@example.com", on=bread, status=SubscriptionStatus.PENDING)
    for person, act, days in (
        (ana, Act.SUBSCRIBED, 30),
        (ana, Act.UNSUBSCRIBED, 20),
        (ana, Act.CONFIRMED, 10),
        (ben, Act.CONFIRMED, 25),
        (ben, Act.UNSUBSCRIBED, 15),
    ):
        place = person.subscriptions[0]
        evidence = Evidence(Channel.SIGNUP_PAGE)
        keep_record(place, act=act, evidence=evidence, at=NOW - days * DAY)
    ana.subscriptions[0].started_at = NOW - 10 * DAY
    ben.subscriptions[0].started_at, ben.subscriptions[0].ended_at = NOW - 25 * DAY, NOW - 15 * DAY
    db.session.flush()

    def on(days):
        day = str((NOW - days * DAY).date())
        return who(workspace, {"type": "list", "list": bread.public_id, "place": "was_active", "on_day": day})

    assert [on(days) for days in (40, 27, 22, 17, 12, 5)] == [[], ["a"], ["a", "b"], ["b"], [], ["a"]]


def test_who_enters_a_followed_segment_and_who_leaves_is_written_down(workspace, other_workspace):
    ana, ben = (factories.subscriber(workspace, f"{name}@example.com") for name in ("ana", "ben"))
    stranger = factories.subscriber(other_workspace, "cleo@example.com")
    add_tags(ana, ["vip"])
    add_tags(stranger, ["vip"])
    tag = ana.tags[0].public_id
    vips = create_segment(workspace.id, "VIPs", {"conditions": [{"type": "tag", "tag": tag}]}, now=NOW)
    announced = []

    with signals.segment_changed.connected_to(lambda segment, at: announced.append(at)):
        follow(vips, now=NOW - 3 * DAY)
        assert look_again(vips, now=NOW - 2 * DAY) == 0
        set_tags(ana, [])
        add_tags(ben, ["vip"])
        assert look_again(vips, now=NOW - DAY) == 2

    assert announced == [NOW - 3 * DAY, NOW - DAY]
    told = {(person.email[0], change.has_entered) for change, person in latest_changes(vips, limit=9)}
    assert told == {("a", True), ("a", False), ("b", True)}

    def on(days, **more):
        day = str((NOW - days * DAY).date())
        return who(workspace, {"type": "segment", "segment": vips.public_id, "on_day": day, **more})

    assert (on(2), on(1), on(1, is_in=False)) == (["a"], ["b"], ["a"])
    with pytest.raises(Invalid, match="not followed then"):
        on(9)
    unfollow(vips)
    assert db.session.query(SegmentChange).count() == 0
