import io
import re

import pytest

from mailer.audience.importing.receive import receive_upload
from mailer.audience.models import Field, Import, MailingList, Subscriber, Tag
from mailer.audience.queries.fields_and_tags import tags_of
from mailer.audience.tags import tag_subscribers, tags_named
from mailer.consent.models import ConsentRecord, Suppression, SuppressionReason
from mailer.consent.suppress import suppress
from mailer.db import db
from tests import factories
from tests.factories import refreshed

PAGES = (
    "/lists",
    "/lists/archived",
    "/lists/new",
    "/lists/{list}",
    "/lists/{list}/edit",
    "/subscribers",
    "/subscribers?q=ro&status=active&list={list}&tag={tag}",
    "/subscribers/new",
    "/subscribers/{subscriber}",
    "/subscribers/{subscriber}/edit",
    "/tags",
    "/fields",
    "/fields/{field}/edit",
    "/suppressions",
    "/suppressions?q=r&reason=manual",
    "/imports",
    "/imports/new",
    "/imports/{import_}",
    "/imports/{import_}/progress",
    "/imports/{import_}/refused.csv",
)

DEEDS = (
    "/lists",
    "/lists/{list}",
    "/lists/{list}/archive",
    "/lists/{list}/restore",
    "/subscribers",
    "/subscribers/{subscriber}",
    "/subscribers/tag",
    "/subscribers/untag",
    "/subscribers/erase",
    "/subscribers/unsubscribe",
    "/subscribers/{subscriber}/subscriptions",
    "/subscribers/{subscriber}/subscriptions/{subscription}/unsubscribe",
    "/tags",
    "/tags/{tag}",
    "/tags/{tag}/delete",
    "/fields",
    "/fields/{field}",
    "/fields/{field}/delete",
    "/suppressions",
    "/suppressions/{suppression}/lift",
    "/imports",
    "/imports/{import_}/begin",
    "/imports/{import_}/cancel",
)


def world(workspace):
    bread = factories.mailing_list(workspace)
    rosa = factories.subscriber(workspace, "rosa@example.com", name="Rosa", on=bread)
    field = factories.add(Field(workspace_id=workspace.id, key="city", label="City"))
    (tag,) = tags_named(workspace.id, ["vip"])
    suppression = suppress(workspace.id, "bad@example.com", SuppressionReason.MANUAL)
    source = receive_upload(workspace.id, file_name="a.csv", file=io.BytesIO(b"email\nsam@example.com\n"))
    db.session.commit()
    return {
        "list": bread.public_id,
        "subscriber": rosa.public_id,
        "subscription": rosa.subscriptions[0].public_id,
        "field": field.public_id,
        "tag": tag.public_id,
        "suppression": suppression.public_id,
        "import_": source.public_id,
    }


@pytest.fixture
def ids(workspace):
    return world(workspace)


def everything():
    kinds = (MailingList, Subscriber, Field, Tag, Suppression, Import, ConsentRecord)
    db.session.expire_all()
    return {
        kind.__name__: [
            tuple(getattr(row, column.key) for column in kind.__mapper__.column_attrs)
            for row in db.session.query(kind).order_by(kind.id)
        ]
        for kind in kinds
    }


def test_every_page_opens(ana, ids, sign_in):
    browser = sign_in(ana)

    for page in PAGES:
        answer = browser.get("/w/bakery" + page.format(**ids))
        assert answer.status_code == 200, page


def test_a_stranger_sees_nothing(cleo, ids, sign_in):
    browser = sign_in(cleo)
    before = everything()

    for page in PAGES:
        assert browser.get("/w/bakery" + page.format(**ids)).status_code == 404, page
    for deed in DEEDS:
        assert browser.post("/w/bakery" + deed.format(**ids)).status_code == 404, deed
    assert everything() == before


def test_things_of_another_workspace_are_not_found_in_ones_own(ana, other_workspace, ids, sign_in):
    foreign = world(other_workspace)
    browser = sign_in(ana)
    before = everything()

    for page in PAGES:
        if "{" in page and "?" not in page:
            assert browser.get("/w/bakery" + page.format(**foreign)).status_code == 404, page
    for deed in DEEDS:
        if "{" in deed:
            answer = browser.post(
                "/w/bakery" + deed.format(**foreign), data={"name": "x", "email": "x@y.example"}
            )
            assert answer.status_code == 404, deed
    assert everything() == before


def test_a_viewer_looks_and_changes_nothing(vera, ids, sign_in):
    browser = sign_in(vera)
    before = everything()

    assert browser.get("/w/bakery/subscribers").status_code == 200
    assert browser.get(f"/w/bakery/subscribers/{ids['subscriber']}").status_code == 200
    for deed in DEEDS:
        assert browser.post("/w/bakery" + deed.format(**ids)).status_code == 403, deed
    assert everything() == before


def test_a_list_is_made_changed_archived_and_brought_back(ana, sign_in):
    browser = sign_in(ana)
    made = {"name": "Cake", "opt_in": "double", "visibility": "public", "description": "Sweet,\r\nweekly."}

    answer = browser.post("/w/bakery/lists", data=made)
    cake = db.session.query(MailingList).one()
    assert answer.headers["Location"].endswith(cake.public_id)
    assert cake.description == "Sweet, weekly."

    browser.post(f"/w/bakery/lists/{cake.public_id}", data={**made, "name": "Cakes"})
    assert refreshed(cake).name == "Cakes"
    browser.post(f"/w/bakery/lists/{cake.public_id}/archive")
    assert refreshed(cake).archived_at is not None
    browser.post(f"/w/bakery/lists/{cake.public_id}/restore")
    assert refreshed(cake).archived_at is None


def test_what_is_wrong_stands_beside_its_field(ana, ids, sign_in):
    browser = sign_in(ana)

    answer = browser.post(
        "/w/bakery/lists", data={"name": "weekly BREAD", "opt_in": "double", "visibility": "public"}
    )

    assert answer.status_code == 422
    assert "already a list" in answer.text


def test_someone_is_added_by_hand_with_the_basis_as_proof(ana, ids, sign_in):
    browser = sign_in(ana)

    answer = browser.post(
        "/w/bakery/subscribers",
        data={
            "email": "sam@example.com",
            "name": "Sam",
            "fields.city": "Porto",
            "tags": "vip, trade",
            "lists": ids["list"],
            "agreed": "agreed",
            "basis": "Asked for it at the counter on 4 May.",
        },
    )

    assert answer.status_code == 302
    sam = db.session.query(Subscriber).filter_by(email="sam@example.com").one()
    assert (sam.fields, sam.subscriptions[0].is_active) == ({"city": "Porto"}, True)
    record = db.session.query(ConsentRecord).one()
    assert (record.actor_id, record.words) == (ana.id, "Asked for it at the counter on 4 May.")


def test_consent_that_is_claimed_needs_its_basis(ana, ids, sign_in):
    answer = sign_in(ana).post(
        "/w/bakery/subscribers",
        data={"email": "sam@example.com", "lists": ids["list"], "agreed": "agreed", "basis": ""},
    )

    assert answer.status_code == 422
    assert db.session.query(Subscriber).count() == 1


def test_a_subscriber_is_edited(ana, ids, sign_in):
    browser = sign_in(ana)

    browser.post(
        f"/w/bakery/subscribers/{ids['subscriber']}",
        data={"email": "rosa@example.org", "name": "Rosa Lima", "tags": "vip", "fields.city": "Lyon"},
    )

    rosa = db.session.query(Subscriber).one()
    db.session.refresh(rosa)
    assert (rosa.email_key, rosa.name, rosa.fields) == ("rosa@example.org", "Rosa Lima", {"city": "Lyon"})


def test_chosen_people_are_tagged_unsubscribed_and_erased(ana, ids, sign_in):
    browser = sign_in(ana)
    chosen = {"ids": [ids["subscriber"]], "back": "q=rosa"}
    rosa = db.session.query(Subscriber).one()

    answer = browser.post("/w/bakery/subscribers/tag", data={**chosen, "tag": "fair"})
    assert answer.headers["Location"].endswith("/subscribers?q=rosa")
    assert [tag.name for tag in refreshed(rosa).tags] == ["fair"]

    assert b"Unsubscribe 1 subscriber?" in browser.post("/w/bakery/subscribers/unsubscribe", data=chosen).data
    assert refreshed(rosa).subscriptions[0].is_active
    browser.post("/w/bakery/subscribers/unsubscribe", data={**chosen, "confirmed": "1"})
    assert not refreshed(rosa).subscriptions[0].is_active

    assert b"Erase 1 subscriber?" in browser.post("/w/bakery/subscribers/erase", data=chosen).data
    browser.post("/w/bakery/subscribers/erase", data={**chosen, "confirmed": "1"})
    assert db.session.query(Subscriber).count() == 0


def test_the_way_back_stays_on_this_site(ana, ids, sign_in):
    answer = sign_in(ana).post(
        "/w/bakery/subscribers/tag",
        data={"ids": ids["subscriber"], "tag": "fair", "back": "https://evil.example"},
    )

    assert answer.headers["Location"].startswith("/w/bakery/subscribers?")


def test_the_timeline_tells_what_consent_knows(ana, workspace, ids, sign_in):
    suppress(workspace.id, "rosa@example.com", SuppressionReason.HARD_BOUNCE, detail="550 No such user")
    db.session.commit()

    page = sign_in(ana).get(f"/w/bakery/subscribers/{ids['subscriber']}").text

    assert "550 No such user" in page
    assert "Was added to the audience" in page


def test_a_file_is_uploaded_mapped_forecast_and_imported(ana, ids, sign_in, work_off):
    browser = sign_in(ana)
    answer = browser.post(
        "/w/bakery/imports",
        data={"file": (io.BytesIO("email;Größe\nsam@example.com;38\n".encode()), "p.csv")},
    )
    page = browser.get(answer.headers["Location"]).text
    assert re.search(r'<option value="email" selected>', page)

    path = answer.headers["Location"].partition("?")[0]
    browser.post(
        f"{path}/check",
        data={
            "purpose": "subscribe",
            "column-0": "email",
            "column-1": "new:number",
            "lists": ids["list"],
            "existing": "fill",
            "consent_basis": "Signed up at the counter in May 2026.",
        },
    )
    work_off()
    assert "This would happen" in browser.get(path).text
    browser.post(f"{path}/begin")
    work_off()

    assert "Imported 1 row" in browser.get(path).text
    assert db.session.query(Subscriber).filter_by(email="sam@example.com").one().fields == {"grosse": 38}


def test_a_file_that_is_no_csv_is_explained(ana, sign_in):
    answer = sign_in(ana).post(
        "/w/bakery/imports", data={"file": (io.BytesIO(b"PK\x03\x04\0\0"), "people.xlsx")}
    )

    assert answer.status_code == 422
    assert "damaged" in answer.text


def test_tags_are_renamed_joined_and_deleted(ana, workspace, ids, sign_in):
    browser = sign_in(ana)
    rosa = db.session.query(Subscriber).one()
    tag_subscribers(workspace.id, [rosa.id], ["VIPs"])
    db.session.commit()
    old = next(tag for tag in tags_of(workspace.id) if tag.name == "VIPs")

    browser.post(f"/w/bakery/tags/{old.public_id}", data={"name": "vip"})

    assert [tag.name for tag in tags_of(workspace.id)] == ["vip"]
    assert [tag.name for tag in refreshed(rosa).tags] == ["vip"]
    browser.post(f"/w/bakery/tags/{ids['tag']}/delete")
    assert tags_of(workspace.id) == []
