"""Programs that send single messages, and a server that takes them."""

import email
import email.policy
from email.message import EmailMessage
from typing import Any

import pytest

from mailer.delivery.models import Sender
from tests import factories
from tests.api.conftest import program, shop  # noqa: F401
from tests.delivery.conftest import smtp  # noqa: F401

RECEIPT = {
    "from": "Ana <ana@bakery.example>",
    "to": "sam@example.com",
    "subject": "Your receipt",
    "html": "<p>That was <b>€ 12.40</b>.</p>",
}


@pytest.fixture
def sender(workspace) -> Sender:
    """Whom messages are from that do not say so."""
    return factories.add(Sender(workspace_id=workspace.id, name="Ana", email="ana@bakery.example"))


def receipt(**changes: Any) -> dict[str, Any]:
    """The body of a call that sends a receipt."""
    return {**RECEIPT, **changes}


def read(received: Any) -> EmailMessage:
    """Return a message that a server took over."""
    return email.message_from_bytes(received.data, policy=email.policy.default)  # type: ignore[return-value]
