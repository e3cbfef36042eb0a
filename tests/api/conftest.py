"""Programs with keys, for every test of the API."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mailer.accounts.keys import create_key
from mailer.accounts.models import Workspace
from mailer.accounts.scopes import EVERYTHING
from mailer.db import db


@pytest.fixture
def program(app: Flask) -> Callable[..., FlaskClient]:
    """Return a client that calls with a key of a workspace."""

    def with_key(workspace: Workspace, *scopes: str) -> FlaskClient:
        _, secret = create_key(workspace.id, name="Shop", scopes=scopes or [EVERYTHING])
        db.session.commit()
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return client

    return with_key


@pytest.fixture
def shop(program, workspace) -> FlaskClient:
    """The shop of Ana's bakery, whose key may do everything."""
    return program(workspace)
