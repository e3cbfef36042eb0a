"""API keys: shown once, recognised by hash, taken back."""

from datetime import UTC, datetime, timedelta

import pytest

from mailer.accounts.keys import create_key, is_use_due, key_for, note_use, revoke_key
from mailer.accounts.models import Scope
from mailer.errors import Invalid
from tests import factories

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_secret_finds_its_key_and_is_not_stored(workspace):
    key, secret = create_key(workspace.id, name=" Shop ", scope=Scope.READ)

    assert key_for(secret) == key
    assert (key.name, key.scope, key.workspace) == ("Shop", Scope.READ, workspace)
    assert secret.startswith(key.hint)
    assert secret not in {str(value) for value in vars(key).values()}


@pytest.mark.parametrize("secret", ["", "mlr_", "mlr_unknown", "Bearer", "mlr_\x00", "é"])
def test_other_secrets_find_nothing(workspace, secret):
    create_key(workspace.id, name="Shop", scope=Scope.ALL)

    assert key_for(secret) is None


def test_a_revoked_key_is_known_no_more(workspace):
    key, secret = create_key(workspace.id, name="Shop", scope=Scope.ALL)

    revoke_key(key, now=NOON)
    revoke_key(key, now=NOON + timedelta(hours=1))

    assert key_for(secret) is None
    assert key.revoked_at == NOON


def test_use_is_noted_once_a_minute(workspace):
    key, _ = create_key(workspace.id, name="Shop", scope=Scope.ALL)
    assert is_use_due(key, now=NOON)

    note_use(key, now=NOON)

    key = factories.refreshed(key)
    assert key.last_used_at == NOON
    assert not is_use_due(key, now=NOON + timedelta(seconds=59))
    assert is_use_due(key, now=NOON + timedelta(seconds=60))


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "two\nlines"])
def test_a_key_needs_a_name_that_people_can_read(workspace, name):
    with pytest.raises(Invalid, match="name of 1 to 120"):
        create_key(workspace.id, name=name, scope=Scope.ALL)
