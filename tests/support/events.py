"""Listening to SQLAlchemy for the length of a block."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event


@contextmanager
def listening(target: Any, name: str, listener: Callable[..., None]) -> Iterator[None]:
    """Call ``listener`` for an event of ``target`` while the block runs."""
    event.listen(target, name, listener)
    try:
        yield
    finally:
        event.remove(target, name, listener)
