"""A campaign that arrived, and the links in it."""

from collections.abc import Callable

import pytest
from flask import Flask

from mailer.config import Settings
from mailer.current import links
from mailer.delivery import send
from mailer.delivery.models import Delivery, Run
from mailer.tracking.ingest import spool_folder
from tests.delivery.conftest import bread, deliveries, launch, readers, smtp

__all__ = ["bread", "launch", "readers", "smtp"]


@pytest.fixture(autouse=True)
def _empty_spool(request: pytest.FixtureRequest) -> None:
    """Forget what another test left on disk."""
    if "settings" in request.fixturenames:
        settings: Settings = request.getfixturevalue("settings")
        for folder in (spool_folder(settings.data_dir), settings.data_dir / "links"):
            for path in folder.glob("*"):
                path.unlink()


@pytest.fixture
def sent(app: Flask, bread, readers, launch, smtp) -> tuple[Run, dict[str, Delivery]]:
    """A campaign to five readers, accepted by their servers; its deliveries by address."""
    run = launch(bread, links=["https://bakery.example/order", "https://bakery.example/süß?a=1&b=2"])
    send.deliver_due()
    return run, deliveries()


@pytest.fixture
def click_of(sent) -> Callable[..., str]:
    """The path of one reader's link."""
    return lambda email, number=0: (
        links().click_url(sent[1][email].message_id, sent[1][email].id, number).removeprefix(links().base_url)
    )


@pytest.fixture
def pixel_of(sent) -> Callable[[str], str]:
    """The path of one reader's pixel."""
    return lambda email: (
        links().open_url(sent[1][email].message_id, sent[1][email].id).removeprefix(links().base_url)
    )
