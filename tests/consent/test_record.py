"""What a proof keeps: the words once, the address as the workspace wishes, all of it to be shown again."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from mailer.consent.change_policy import change_policy
from mailer.consent.forgetting import forget_origins
from mailer.consent.models import Act, AddressDetail, Channel, ConsentWords, Evidence
from mailer.consent.proof import proof_as_dict, proof_of
from mailer.consent.record import keep_record, kept_address
from mailer.consent.seal import seal_consent
from mailer.consent.verify import verify
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.clock import utcnow
from tests import factories


def agree(person, *, words="I want bread.", at=None, ip="192.0.2.17"):
    evidence = Evidence(Channel.SIGNUP_PAGE, words=words, ip=ip, user_agent="Firefox")
    return keep_record(person, act=Act.SUBSCRIBED, evidence=evidence, at=at or utcnow())


def set_policy(workspace, **values):
    given = {
        "address_detail": AddressDetail.FULL,
        "address_days": None,
        "most_per_day": None,
        "most_per_week": None,
    }
    return change_policy(workspace.id, **{**given, **values})


@pytest.mark.parametrize(
    ("ip", "detail", "kept"),
    [
        ("192.0.2.17", AddressDetail.FULL, "192.0.2.17"),
        ("192.0.2.17", AddressDetail.NETWORK, "192.0.2.0/24"),
        ("2001:db8:1:2::3", AddressDetail.NETWORK, "2001:db8:1::/48"),
        ("192.0.2.17", AddressDetail.NONE, ""),
        ("unknown", AddressDetail.FULL, ""),
    ],
)
def test_an_address_is_kept_as_exactly_as_the_workspace_wishes(ip, detail, kept):
    assert kept_address(ip, detail) == kept


def test_words_are_kept_once_and_can_be_shown_years_later(workspace):
    people = [factories.subscriber(workspace) for _ in range(3)]
    then = utcnow() - timedelta(days=800)
    records = [agree(person, words="The words of that time: Brötchen, 面包.", at=then) for person in people]
    agree(people[0], words="Other words.")
    db.session.commit()
    db.session.expire_all()

    assert db.session.query(ConsentWords).count() == 2
    assert {record.words for record in records} == {"The words of that time: Brötchen, 面包."}


def test_a_proof_can_be_calculated_again(workspace):
    rosa = factories.subscriber(workspace, "rosa@example.com")
    agree(rosa)
    agree(rosa, words="And cake.")
    seal_consent()
    db.session.commit()

    told = proof_as_dict(rosa, proof_of(rosa))

    assert [record["words"] for record in told["records"]] == ["I want bread.", "And cake."]
    assert all(record["seal"]["holds"] for record in told["records"])
    assert told["records"][1]["seal"]["before"] == told["records"][0]["seal"]["hash"]


def test_where_somebody_was_is_forgotten_in_time_and_the_chain_still_holds(workspace):
    set_policy(workspace, address_days=30)
    rosa = factories.subscriber(workspace)
    old, new = agree(rosa, at=utcnow() - timedelta(days=31)), agree(rosa)
    seal_consent()
    db.session.commit()

    assert forget_origins(now=utcnow()) == 1
    db.session.commit()
    db.session.expire_all()

    assert (old.ip, old.user_agent, old.words) == ("", "", "I want bread.")
    assert new.ip == "192.0.2.17"
    assert next(verify(workspace.id)).broken == ""
    assert [(one.holds, one.is_origin_forgotten) for one in proof_of(rosa)] == [(True, True), (True, False)]


@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE consent_records SET ip = '198.51.100.1'",
        "UPDATE consent_records SET ip = '', user_agent = '', salt = '', locale = 'xx'",
        "UPDATE consent_words SET text = 'Anything.'",
        "DELETE FROM consent_words",
    ],
)
def test_the_database_refuses_to_change_a_proof(workspace, deed):
    agree(factories.subscriber(workspace))
    db.session.commit()

    with pytest.raises(DatabaseError):
        db.session.execute(text(deed))
    db.session.rollback()


@pytest.mark.parametrize(
    ("table", "deed"),
    [
        ("consent_words", "UPDATE consent_words SET text = 'Anything.' WHERE text = 'Cake.'"),
        ("consent_records", "UPDATE consent_records SET ip = '198.51.100.1' WHERE id = :id"),
    ],
)
def test_what_a_databases_owner_changes_is_found_at_that_record(workspace, table, deed):
    rosa = factories.subscriber(workspace)
    agree(rosa)
    victim = agree(rosa, words="Cake.")
    seal_consent()
    db.session.commit()
    is_sqlite = db.engine.dialect.name == "sqlite"

    db.session.execute(text(f"DROP TRIGGER {table}_keep" + ("" if is_sqlite else f" ON {table}")))
    identifier = victim.id.bytes if is_sqlite else victim.id
    db.session.execute(text(deed), {"id": identifier} if ":id" in deed else {})
    found = next(verify(workspace.id))
    db.session.rollback()

    assert f"record {victim.public_id}: the record was changed" in found.broken


@pytest.mark.parametrize("values", [{"address_days": 0}, {"most_per_day": 3, "most_per_week": 2}])
def test_a_policy_that_makes_no_sense_is_refused(workspace, values):
    with pytest.raises(Invalid):
        set_policy(workspace, **values)


def test_the_proof_is_a_page_and_a_file(workspace, ana, sign_in):
    rosa = factories.subscriber(workspace, "rosa@example.com")
    agree(rosa)
    db.session.commit()
    address = f"/w/bakery/subscribers/{rosa.public_id}/proof"

    page, file = sign_in(ana).get(address), sign_in(ana).get(f"{address}.json")

    assert "I want bread." in page.text
    assert file.json["records"][0]["words"] == "I want bread."
