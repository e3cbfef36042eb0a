"""What is exported comes back unchanged, and holds no formula and nobody else's people."""

import io
import json
from datetime import timedelta

from mailer.audience.fields import create_field
from mailer.audience.importing.begin import ImportChoices, begin_import, prepare_import
from mailer.audience.importing.receive import receive_upload
from mailer.audience.importing.run import import_chunks
from mailer.audience.importing.undo import undo_chunks, undo_import
from mailer.audience.models import Existing, FieldType, Subscriber, SubscriptionStatus
from mailer.audience.tags import add_tags
from mailer.consent.models import Act, Channel, Evidence, StreamSuppression, Suppression, SuppressionReason
from mailer.consent.record import keep_record
from mailer.db import db
from mailer.exports.known import Chosen
from mailer.exports.people import csv_of_people, json_of_people
from mailer.exports.suppressions import csv_of_suppressions
from mailer.lib.clock import utcnow
from mailer.segments.selection import Selection
from tests import factories
from tests.factories import refreshed


def bring(workspace, text, *, lists=(), existing=Existing.OVERWRITE):
    source = receive_upload(workspace.id, file_name="x.csv", file=io.BytesIO(text.encode()))
    chosen = ImportChoices(
        mapping=source.mapping,
        list_ids=[row.public_id for row in lists],
        tag_names=[],
        existing=existing,
        consent_basis="They signed up at the counter.",
    )
    prepare_import(source, chosen, now=utcnow(), is_forecast=False)
    begin_import(source, now=utcnow())
    db.session.commit()
    for _ in import_chunks(source.id):
        db.session.commit()
    return refreshed(source)


def people(workspace):
    db.session.expire_all()
    return {
        person.email: (
            person.name,
            person.locale,
            person.time_zone,
            person.fields,
            [tag.name for tag in person.tags],
            sorted((place.status, place.started_at) for place in person.subscriptions),
        )
        for person in db.session.query(Subscriber).filter_by(workspace_id=workspace.id)
    }


def test_a_list_comes_back_unchanged_elsewhere_and_here(workspace, other_workspace):
    bread, cheese = factories.mailing_list(workspace), factories.mailing_list(other_workspace)
    for place in (workspace, other_workspace):
        create_field(place.id, "City")
        create_field(place.id, "Shoe size", key="size", type=FieldType.NUMBER)
        create_field(place.id, "Vegan", type=FieldType.BOOLEAN)
        create_field(place.id, "Breads", type=FieldType.CHOICES, choices=["Rye", "White, soft", "Spelt"])
    rosa = factories.subscriber(
        workspace,
        "Rosa@example.com",
        on=bread,
        name="=cmd|'/c calc'!A1",
        locale="pt",
        time_zone="Europe/Lisbon",
        fields={"city": 'O\'Neill, "Porto"\\', "size": 38.5, "vegan": True}
        | {"breads": ["Rye", "White, soft"]},
    )
    add_tags(rosa, ["fair", "vip"])
    factories.subscriber(workspace, "left@example.com", on=bread, status=SubscriptionStatus.UNSUBSCRIBED)
    factories.subscriber(other_workspace, "theirs@example.com", on=cheese)
    db.session.commit()
    chosen = Chosen.of(workspace.id, Selection(list=bread.public_id), now=utcnow())
    exported, before = "".join(csv_of_people(chosen)), people(workspace)

    again = bring(workspace, exported)
    there = bring(other_workspace, exported, lists=[cheese])

    assert "'=cmd" in exported
    assert "theirs" not in exported
    assert (again.updated_count, people(workspace)) == (0, before)
    assert people(other_workspace)["Rosa@example.com"] == before["Rosa@example.com"]
    assert (there.departed_count, there.origin) == (1, "Mailer")
    assert "left@example.com" not in people(other_workspace)


def test_lines_hold_consent_and_events(workspace):
    bread = factories.mailing_list(workspace)
    rosa = factories.subscriber(workspace, "rosa@example.com", on=bread)
    evidence = Evidence(Channel.SIGNUP_PAGE, words="I want bread.", ip="192.0.2.1")
    keep_record(rosa.subscriptions[0], act=Act.SUBSCRIBED, evidence=evidence, at=utcnow())
    db.session.commit()

    (line,) = json_of_people(Chosen.of(workspace.id, Selection(q="rosa"), now=utcnow()))

    person = json.loads(line)
    assert person["subscriptions"][0]["list"] == bread.name
    assert [(row["act"], row["words"]) for row in person["consent"]] == [("subscribed", "I want bread.")]
    assert person["events"] == []


def suppressed(workspace):
    rows = db.session.query(Suppression).filter_by(workspace_id=workspace.id).all()
    closed = db.session.query(StreamSuppression).filter_by(workspace_id=workspace.id).all()
    return sorted(
        (row.email_key, row.reason.value, row.detail, row.created_at, getattr(row, "stream", ""))
        for row in [*rows, *closed]
    )


def test_suppressions_come_back_with_time_reason_and_stream_and_go_again(workspace, other_workspace):
    for number, reason in enumerate(SuppressionReason):
        key, detail = f"{reason.value}@example.com", f"=550 {reason.value}"
        about = {"workspace_id": workspace.id, "email_key": key, "reason": reason, "detail": detail}
        at = utcnow() - timedelta(days=1 + number)
        db.session.add(Suppression(created_at=at, **about))
        db.session.add(StreamSuppression(created_at=at, stream="receipts", **about))
    about = {"workspace_id": workspace.id, "email_key": "only@example.com", "reason": "complaint"}
    db.session.add(StreamSuppression(stream="news", detail="Enough.", **about))
    db.session.commit()

    source = bring(other_workspace, "".join(csv_of_suppressions(workspace.id)))

    assert suppressed(other_workspace) == suppressed(workspace)
    assert db.session.query(Subscriber).count() == 0
    undo_import(source, now=utcnow())
    for _ in undo_chunks(source.id):
        db.session.commit()
    assert suppressed(other_workspace) == []
