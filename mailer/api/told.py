"""What webhooks are told about, for the description of the API: said by the rooms that tell it."""

from typing import Final

from pydantic import BaseModel

#: By the event's name: a sentence about it, and what is told.
WEBHOOKS: Final[dict[str, tuple[str, type[BaseModel]]]] = {}


def tells_webhooks(name: str, words: str, payload: type[BaseModel]) -> None:
    """Let the description say that webhooks are told about an event."""
    WEBHOOKS[name] = words, payload
