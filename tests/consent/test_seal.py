"""The chain of consent records: it holds through imports and erasures, and breaks where somebody tampers."""

from types import SimpleNamespace

import pytest
from sqlalchemy import delete, func, select, text, update

import workers.consent
from mailer.accounts.models import Workspace
from mailer.audience.erase import erase_subscribers
from mailer.consent import seal
from mailer.consent.models import Act, Channel, ConsentRecord, ConsentSeal, Evidence
from mailer.consent.record import keep_record
from mailer.consent.seal import seal_consent
from mailer.consent.verify import verify
from mailer.db import db
from mailer.lib.clock import utcnow
from tests import factories


def agree(person, words="I want bread."):
    evidence = Evidence(Channel.SIGNUP_PAGE, words=words, ip="192.0.2.1")
    return keep_record(person, act=Act.SUBSCRIBED, evidence=evidence, at=utcnow())


def without_guard(statement):
    """Do what the triggers refuse, as the owner of a database can."""
    on_table = "" if db.engine.dialect.name == "sqlite" else " ON consent_records"
    names = ["consent_records_keep"] + (["consent_records_stay"] if not on_table else [])
    for name in names:
        db.session.execute(text(f"DROP TRIGGER {name}{on_table}"))
    db.session.execute(statement)
    found = list(verify())
    db.session.rollback()
    return found


def fault(chains):
    return next(each.broken for each in chains if each.broken)


@pytest.fixture
def chain(workspace, other_workspace):
    people = [factories.subscriber(workspace, f"p{number}@example.com") for number in range(5)]
    records = [agree(person) for person in people]
    agree(factories.subscriber(other_workspace, "theirs@example.com"))
    assert seal_consent() == 6
    later = agree(people[0], "And cake.")
    seal_consent()
    db.session.commit()
    return [*records, later]


def test_it_holds_and_every_record_has_one_link(chain, workspace):
    ours, theirs = sorted(verify(), key=lambda each: -each.links)

    assert (ours.links, ours.waiting, ours.broken) == (6, 0, "")
    assert (theirs.links, theirs.broken) == (1, "")
    assert [each.links for each in verify(workspace.id)] == [6]
    assert seal_consent() == 0


def test_records_wait_for_their_seal_and_no_longer(chain, workspace):
    agree(chain[0].subscriber)
    assert next(verify(workspace.id)).waiting == 1

    seal_consent()

    assert next(verify(workspace.id)).links == 7


def test_between_two_lots_others_find_them_sealed_and_may_write(chain, workspace, monkeypatch):
    for record in chain[:5]:
        agree(record.subscriber)
    db.session.commit()
    ours = ConsentSeal.workspace_id == workspace.id
    db.session.rollback()
    sealed = []

    def others_turn(seconds):
        with db.engine.begin() as other:
            other.execute(update(Workspace).values(name="Bread and more"))
            sealed.append(other.scalar(select(func.count()).where(ours)))

    monkeypatch.setattr(seal, "at_once", lambda: 2)
    monkeypatch.setattr(workers.consent, "time", SimpleNamespace(sleep=others_turn))

    workers.consent.seal_consent.fn()

    assert sealed == [8, 10]
    assert next(verify(workspace.id)).links == 11


def test_erasing_somebody_keeps_the_chain(chain, workspace):
    erase_subscribers(workspace.id, [chain[2].subscriber_id], now=utcnow())

    found = next(verify(workspace.id))

    assert (found.links, found.erased, found.broken) == (6, 1, "")


def test_a_changed_record_is_found_at_that_record(chain):
    victim = chain[3]
    found = without_guard(update(ConsentRecord).where(ConsentRecord.id == victim.id).values(locale="xx"))

    assert (
        f"record {victim.public_id}: the record was changed"
        in next(each for each in found if each.broken).broken
    )


def test_a_record_that_is_taken_out_is_missed(chain):
    victim = chain[1]
    name = victim.public_id
    deed = delete(ConsentRecord).where(ConsentRecord.id == victim.id)

    assert f"{name}: the record is missing" in fault(without_guard(deed))


def test_a_link_that_is_taken_out_is_missed(chain, workspace):
    db.session.execute(delete(ConsentSeal).where(ConsentSeal.number == 2))

    assert "link 2: it is missing" in next(verify(workspace.id)).broken
    db.session.rollback()


def test_a_forged_digest_breaks_the_link(chain, workspace):
    db.session.execute(
        update(ConsentSeal)
        .where(ConsentSeal.record_id == chain[0].id)
        .values(digest="f" * 64)
        .execution_options(synchronize_session=False)
    )

    assert "changed" in next(verify(workspace.id)).broken
    db.session.rollback()
