"""The application behind a real server, for clients that bring their own way to call."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.serving import make_server

from mailer.accounts.keys import create_key
from mailer.accounts.models import Workspace
from mailer.db import db


@pytest.fixture
def base_url(app: Flask) -> Iterator[str]:
    """Where the application is served on loopback."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def secret(workspace: Workspace) -> str:
    """A key of Ana's bakery that may send and nothing else."""
    _, made = create_key(workspace.id, name="Shop", scopes=["emails:send"])
    db.session.commit()
    return made
