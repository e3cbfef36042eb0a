"""A key for clients that bring their own way to call."""

import pytest

from mailer.accounts.keys import create_key
from mailer.accounts.models import Workspace
from mailer.db import db


@pytest.fixture
def secret(workspace: Workspace) -> str:
    """A key of Ana's bakery that may send, and read what was sent."""
    _, made = create_key(workspace.id, name="Shop", scopes=["emails:send", "emails:read"])
    db.session.commit()
    return made
