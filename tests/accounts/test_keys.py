"""API keys: shown once, recognised by hash, taken back."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from mailer.accounts.keys import create_key, is_use_due, key_for, note_use, revoke_key
from mailer.accounts.models import ApiKey
from mailer.accounts.scopes import EVERYTHING, READING, SCOPES, clean_scopes, is_granted
from mailer.db import db
from mailer.errors import Invalid
from tests import factories

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_secret_finds_its_key_and_is_not_stored(workspace):
    key, secret = create_key(workspace.id, name=" Shop ", scopes=[READING])
    db.session.commit()

    found = key_for(secret, now=NOON)
    assert found is not None
    assert (found.id, found.name, found.scopes) == (key.id, "Shop", [READING])
    assert (found.workspace.id, found.workspace.name) == (workspace.id, workspace.name)
    assert secret.startswith(key.hint)
    assert secret not in {str(value) for value in vars(key).values()}


@pytest.mark.parametrize("secret", ["", "mlr_", "mlr_unknown", "Bearer", "mlr_\x00", "é"])
def test_other_secrets_find_nothing(workspace, secret):
    create_key(workspace.id, name="Shop", scopes=[EVERYTHING])

    assert key_for(secret, now=NOON) is None


def test_a_revoked_key_is_known_no_more(workspace):
    key, secret = create_key(workspace.id, name="Shop", scopes=[EVERYTHING])
    db.session.commit()
    assert key_for(secret, now=NOON) is not None

    revoke_key(key, now=NOON)
    revoke_key(key, now=NOON + timedelta(hours=1))
    db.session.commit()

    assert key_for(secret, now=NOON) is None
    assert key.revoked_at == NOON


def test_a_key_that_another_process_revokes_works_for_a_second_at_most(workspace):
    _, secret = create_key(workspace.id, name="Shop", scopes=[EVERYTHING])
    db.session.commit()
    assert key_for(secret, now=NOON) is not None

    # Past the ORM, as what another process does is.
    db.session.execute(update(ApiKey.__table__).values(revoked_at=NOON))
    db.session.commit()

    assert key_for(secret, now=NOON + timedelta(seconds=0.9)) is not None
    assert key_for(secret, now=NOON + timedelta(seconds=1)) is None


def test_who_has_no_key_waits_for_no_writer(workspace):
    _, secret = create_key(workspace.id, name="Shop", scopes=[EVERYTHING])
    db.session.commit()

    assert key_for("mlr_unknown", now=NOON) is None
    assert key_for(secret, now=NOON) is not None

    assert not db.session().in_transaction()


def test_use_is_noted_once_a_minute(workspace):
    key, _ = create_key(workspace.id, name="Shop", scopes=[EVERYTHING])
    assert is_use_due(key, now=NOON)

    note_use(key, now=NOON)

    key = factories.refreshed(key)
    assert key.last_used_at == NOON
    assert not is_use_due(key, now=NOON + timedelta(seconds=59))
    assert is_use_due(key, now=NOON + timedelta(seconds=60))


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "two\nlines"])
def test_a_key_needs_a_name_that_people_can_read(workspace, name):
    with pytest.raises(Invalid, match="name of 1 to 120"):
        create_key(workspace.id, name=name, scopes=[EVERYTHING])


def test_a_key_ends_on_its_day(workspace):
    _, secret = create_key(workspace.id, name="Shop", scopes=[EVERYTHING], expires_at=NOON)
    db.session.commit()

    assert key_for(secret, now=NOON - timedelta(seconds=1)) is not None
    assert key_for(secret, now=NOON) is None


def test_scopes_are_kept_once_and_in_order():
    assert clean_scopes(["subscribers:read", "emails:send", "emails:send"]) == [
        "emails:send",
        "subscribers:read",
    ]
    assert clean_scopes(["emails:send", EVERYTHING]) == [EVERYTHING]


@pytest.mark.parametrize("given", [[], ["emails"], ["emails:write"], ["*:write"], ["Emails:send"], [""]])
def test_what_is_no_scope_is_refused(given):
    with pytest.raises(Invalid):
        clean_scopes(given)


@pytest.mark.parametrize("wanted", SCOPES)
def test_a_scope_grants_itself_and_nothing_else(wanted):
    others = set(SCOPES) - {wanted}

    assert is_granted({wanted}, held=[wanted])
    assert is_granted({wanted}, held=[EVERYTHING])
    assert is_granted({wanted}, held=[READING]) == wanted.endswith(":read")
    assert not is_granted({wanted}, held=others)
    assert is_granted((), held=[])
