"""An endpoint, and somebody behind it who listens."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from mailer.accounts.models import Workspace
from mailer.db import db
from mailer.webhooks.endpoints import create_endpoint
from mailer.webhooks.models import Endpoint
from tests.support.receiver import Receiver, listening


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A program that listens."""
    with listening() as receiver:
        yield receiver


@pytest.fixture
def _may_call_this_machine(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", settings.model_copy(update={"private_webhooks": True}))


@pytest.fixture
def endpoint(
    workspace: Workspace, receiver: Receiver, _may_call_this_machine: None
) -> Callable[..., tuple[Endpoint, str]]:
    """Make an endpoint of Ana's bakery; return it and its secret."""

    def make(*events: str, url: str = "", of: Workspace | None = None) -> tuple[Endpoint, str]:
        whose = of or workspace
        made = create_endpoint(whose.id, url=url or receiver.url, events=events or ["subscriber.*"])
        db.session.commit()
        return made

    return make
