"""What a mail consists of, for looking at it."""

from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any


@dataclass(frozen=True)
class Parts:
    """A mail, taken apart; ``html`` and ``text`` are empty when it has none."""

    headers: list[tuple[str, str]]
    html: str
    text: str


def parts_of(source: bytes) -> Parts:
    """Take a mail apart; whatever is broken in it is shown as well as can be."""
    mail = message_from_bytes(source, policy=default)
    assert isinstance(mail, EmailMessage)
    return Parts(
        headers=[(name, str(value)) for name, value in mail.items()],
        html=_content(mail.get_body(("html",))),
        text=_content(mail.get_body(("plain",))),
    )


def _content(part: Any) -> str:
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, ValueError):
        return bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")
