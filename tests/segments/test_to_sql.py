"""Every condition, asked of a small audience in which somebody meets it and somebody does not."""

import itertools
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.audience.fields import create_field
from mailer.audience.models import FieldType, Subscriber, SubscriptionStatus
from mailer.audience.tags import add_tags
from mailer.consent.models import Act, Channel, Evidence, Suppression
from mailer.consent.record import keep_record
from mailer.db import db
from mailer.delivery.models import Delivery, DeliveryState, Message, MessageKind
from mailer.errors import Invalid
from mailer.events.record_event import record_event
from mailer.lib.clock import utcnow
from mailer.lib.ids import public_id, uuid7
from mailer.segments import members
from mailer.segments.asked import Names
from mailer.segments.conditions import read_tree
from mailer.segments.save import create_segment, delete_segment, update_segment
from mailer.segments.words import told
from mailer.tracking.models import Click
from mailer.tracking.verdicts import Verdict
from tests import factories

NOW = utcnow()
TOMORROW = str((NOW + timedelta(days=1)).date())


@pytest.fixture
def world(workspace, other_workspace):
    """Rosa reads and clicks, Sam does neither, Lena left; Cleo's people never count."""
    for label, kind in (("City", "text"), ("Loaves", "number"), ("Birthday", "date"), ("Vegan", "boolean")):
        create_field(workspace.id, label, type=FieldType(kind))
    create_field(workspace.id, "Breads", type=FieldType.CHOICES, choices=["Rye", "Spelt", 'Olive "black"'])
    bread = factories.mailing_list(workspace)
    rosa = factories.subscriber(
        workspace,
        "rosa@example.com",
        on=bread,
        name="Rosa Lima",
        locale="pt-PT",
        time_zone="Europe/Lisbon",
        fields={"city": "Porto", "loaves": 3, "birthday": str(NOW.date().replace(year=1980)), "vegan": True}
        | {"breads": ["Rye", 'Olive "black"']},
    )
    sam = factories.subscriber(
        workspace, "sam@example.org", on=bread, name="Sam", fields={"loaves": 12, "breads": ["Rye"]}
    )
    factories.subscriber(
        workspace,
        "lena@example.net",
        on=bread,
        status=SubscriptionStatus.UNSUBSCRIBED,
        fields={"city": "Faro"},
    )
    add_tags(rosa, ["vip"])
    cheese = factories.mailing_list(other_workspace)
    factories.subscriber(other_workspace, "rosa@example.com", on=cheese, name="Rosa Lima")
    keep_record(rosa, act=Act.SUBSCRIBED, evidence=Evidence(Channel.SIGNUP_PAGE), at=NOW)
    db.session.add(Suppression(workspace_id=workspace.id, email_key="lena@example.net", reason="complaint"))
    campaigns = [factories.campaign(workspace, name=f"Loaf {number}", lists=[bread]) for number in range(3)]
    message = factories.add(
        Message(
            workspace_id=workspace.id,
            kind=MessageKind.CAMPAIGN,
            from_name="Ana",
            from_email="ana@bakery.example",
            subject="Bread",
            html="",
            text="",
            links=["https://bakery.example/order", "https://bakery.example/story"],
        )
    )
    for number, campaign in enumerate(campaigns):
        for person in (rosa, sam):
            has_read = person is rosa and number < 2
            delivery = factories.add(
                Delivery(
                    workspace_id=workspace.id,
                    message_id=message.id,
                    campaign_id=campaign.id,
                    subscriber_id=person.id,
                    email=person.email,
                    state=DeliveryState.ACCEPTED,
                    ended_at=NOW,
                    human_opened_at=NOW - timedelta(days=40 * number) if has_read else None,
                    human_clicked_at=NOW if has_read and number == 0 else None,
                )
            )
            if has_read and number == 0:
                factories.add(
                    Click(
                        id=uuid7(),
                        workspace_id=workspace.id,
                        campaign_id=campaign.id,
                        delivery_id=delivery.id,
                        link_number=1,
                        at=NOW,
                        verdict=Verdict.HUMAN,
                    )
                )
    db.session.commit()
    for days, name in ((1, "order.placed"), (40, "order.placed"), (2, "visit")):
        record_event(
            rosa,
            name,
            at=NOW - timedelta(days=days),
            now=NOW,
            properties={"city": "Porto", "sum": days},
        )
    db.session.commit()
    tag = public_id("tag", rosa.tags[0].id)
    return {"bread": bread.public_id, "vip": tag, "campaign": campaigns[0].public_id}


def people(workspace, *conditions, match="all"):
    tree = read_tree({"type": "group", "match": match, "conditions": conditions})
    found = members.people_in(workspace.id, tree, now=NOW)
    names = sorted(person.email.partition("@")[0] for person in db.session.scalars(found))
    assert members.count_of(workspace.id, tree, now=NOW) == len(names)
    assert told(tree, Names.of(workspace.id))
    for person in db.session.query(Subscriber).filter_by(workspace_id=workspace.id):
        (holds,) = members.verdicts(person, [tree], now=NOW)
        assert holds == (person.email.partition("@")[0] in names)
    return " ".join(names)


def field(key, test="is", value=""):
    return {"type": "field", "field": key, "test": test, "value": value}


def breads(test, *values):
    return {"type": "field", "field": "breads", "test": test, "values": list(values)}


def detail(name, test="is", value=""):
    return {"type": "detail", "detail": name, "test": test, "value": value}


def did(deed, **more):
    return {"type": "did", "deed": deed, **more}


def event(name, **more):
    return {"type": "event", "event": name, **more}


CASES = [
    ("lena rosa sam",),
    ("rosa", detail("email", "begins", "ROSA")),
    ("lena sam", detail("email", "is_not", "rosa@example.com")),
    ("rosa", detail("domain", "is", "Example.com")),
    ("lena sam", detail("domain", "is_not", "example.com")),
    ("rosa", detail("name", "contains", "LIMA")),
    ("lena", detail("name", "empty")),
    ("rosa", detail("locale", "begins", "pt")),
    ("lena rosa sam", detail("added", "in_last", "3")),
    ("", detail("added", "before", "2001-01-01")),
    ("rosa", field("city", "is", "porto")),
    ("lena sam", field("city", "is_not", "porto")),
    ("sam", field("city", "empty")),
    ("lena rosa", field("city", "filled")),
    ("sam", field("loaves", "more", "3")),
    ("rosa", field("loaves", "less", "12")),
    ("lena rosa", field("loaves", "is_not", "12")),
    ("rosa", field("vegan", "is", "yes")),
    ("lena sam", field("vegan", "is", "no")),
    ("rosa", field("birthday", "anniversary", "1")),
    ("rosa", field("birthday", "before", "2001-01-01")),
    ("", field("birthday", "after", "2001-01-01")),
    ("rosa sam", breads("any_of", "Rye", "Spelt")),
    ("rosa", breads("any_of", 'Olive "black"')),
    ("rosa", breads("all_of", "Rye", 'Olive "black"')),
    ("lena sam", breads("none_of", 'Olive "black"', "Spelt")),
    ("lena", breads("empty")),
    ("rosa", {"type": "tag", "tag": "vip"}),
    ("lena sam", {"type": "tag", "tag": "vip", "has": False}),
    ("rosa sam", {"type": "list", "list": "bread", "within_days": 1}),
    ("lena", {"type": "list", "list": "bread", "place": "unsubscribed"}),
    ("", {"type": "list", "list": "bread", "place": "never"}),
    ("rosa", {"type": "consent", "via": "signup_page"}),
    ("", {"type": "consent", "via": "import"}),
    ("lena", {"type": "suppressed"}),
    ("", {"type": "suppressed", "reason": "hard_bounce"}),
    ("rosa sam", did("received")),
    ("rosa sam", did("received", times=3)),
    ("lena", did("received", count="at_most", times=2)),
    ("rosa", did("opened")),
    ("lena sam", did("opened", count="at_most", times=0)),
    ("rosa", did("opened", times=2)),
    ("", did("opened", times=2, within_days=10)),
    ("lena rosa sam", did("opened", count="at_most", times=2)),
    ("rosa", did("clicked", campaign="campaign")),
    ("rosa", did("clicked", link="STORY")),
    ("", did("clicked", link="order")),
    ("", did("bounced")),
    ("rosa sam", did("chosen", campaign="campaign")),
    ("lena", did("chosen", count="at_most", times=0, campaign="campaign")),
    ("rosa", event("order.placed")),
    ("rosa", event("order.placed", times=2)),
    ("", event("order.placed", times=2, within_days=30)),
    ("lena sam", event("visit", count="at_most", times=0)),
    ("rosa", event("order.placed", property="city", value="porto")),
    ("", event("order.placed", property="sum", test="more", value="40")),
    ("", event("refund")),
    ("rosa sam", {"type": "list", "list": "bread", "place": "was_active", "on_day": TOMORROW}),
    ("", {"type": "list", "list": "bread", "place": "was_active", "on_day": "2001-01-01"}),
    ("lena rosa sam", {"type": "sample", "percent": 100}),
    ("sam", {"type": "group", "match": "none", "conditions": [field("city", "filled")]}),
    ("lena rosa", {"type": "group", "match": "any", "conditions": [did("opened"), {"type": "suppressed"}]}),
]


@pytest.mark.parametrize(("names", "conditions"), [(case[0], case[1:]) for case in CASES])
def test_each_condition_holds_of_whom_it_should(workspace, world, names, conditions):
    named = [
        {part: world.get(value, value) if isinstance(value, str) else value for part, value in each.items()}
        for each in conditions
    ]

    assert people(workspace, *named) == names


def test_samples_are_shares_that_stay(workspace):
    for _ in range(200):
        factories.subscriber(workspace)
    tree = read_tree({"conditions": [{"type": "sample", "percent": 40}]})

    counts = {members.count_of(workspace.id, tree, now=NOW) for _ in range(2)}

    assert len(counts) == 1
    assert 40 < counts.pop() < 120


def test_segments_stand_in_segments_but_never_in_themselves(workspace, other_workspace, world):
    readers = create_segment(workspace.id, "Readers", {"conditions": [did("opened")]}, now=NOW)
    others = {"conditions": [{"type": "segment", "segment": readers.public_id, "is_in": False}]}
    rest = create_segment(workspace.id, "The rest", others, now=NOW)
    assert (readers.last_count, rest.last_count) == (1, 2)

    circle = {"conditions": [{"type": "segment", "segment": rest.public_id}]}
    with pytest.raises(Invalid, match="hold itself"):
        update_segment(readers, name="Readers", conditions=circle, now=NOW)
    with pytest.raises(Exception, match="asks about this one"):
        delete_segment(readers)
    with pytest.raises(Invalid, match="gone"):
        create_segment(other_workspace.id, "Theirs", others, now=NOW)


@pytest.mark.parametrize(
    "tree",
    [
        {"conditions": [{"type": "sql", "value": "1=1"}]},
        {"conditions": [{"type": "field", "field": "x'); --", "test": "is", "value": "1"}]},
        {"conditions": [{"type": "tag", "tag": "tag_1"}]},
        {"conditions": [{"type": "sample", "percent": 0}]},
        {"conditions": [{"type": "did", "deed": "opened", "times": -1}]},
        {"conditions": [{"type": "field", "field": "city", "test": "is", "value": "a\0b"}]},
        {"conditions": [{"type": "sample"}] * 51},
        {"nothing": 1},
        [],
    ],
)
def test_what_is_no_condition_is_refused(tree):
    with pytest.raises(Invalid):
        read_tree(tree)


def test_groups_are_no_deeper_than_anybody_reads():
    tree = {"conditions": []}
    for _ in itertools.repeat(None, 5_000):
        tree = {"type": "group", "conditions": [tree]}

    with pytest.raises(Invalid, match="deep"):
        read_tree(tree)


NASTY = ["' OR 1=1 --", "%", "_", "\\", '"', "$.x", "{}", "𝕏", "''", "); DROP TABLE subscribers"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.data())
def test_no_value_is_read_as_sql(workspace, world, data):
    value = data.draw(
        st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=9)
    )
    test = data.draw(st.sampled_from(["is", "is_not", "contains", "begins"]))
    node = data.draw(
        st.sampled_from(
            [
                field("city", test, value),
                detail("name", test, value),
                detail("email", test, value),
                did("clicked", link=value),
            ]
        )
    )
    tree = read_tree({"conditions": [node]})

    try:
        query = members.people_in(workspace.id, tree, now=NOW)
    except Invalid:
        return

    assert db.session.query(Subscriber).count() == 4
    db.session.scalars(query).all()
    statement = str(query.compile(db.engine))
    assert "DROP" not in statement
