"""Ids of the past."""

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def id_at(moment: datetime) -> UUID:
    """Return an id as it would have been made at a moment, so that ids sort as the rows were made."""
    return uuid7(nanoseconds=int(moment.timestamp() * 1_000_000) * 1_000)
