"""A share of everybody, chosen by chance once and for all."""

from typing import Final

from sqlalchemy import LargeBinary, func, literal, true, type_coerce

from mailer.audience.models import Subscriber
from mailer.segments.asked import Asked, Clause, Names
from mailer.segments.conditions import Sample

_RANGE: Final = 256**2


def clause(condition: Sample, asked: Asked) -> Clause:
    """Choose by the last bytes of the id, which are random (RFC 9562 5.7) and never change."""
    bound = int(condition.percent / 100 * _RANGE)
    if bound >= _RANGE:
        return true()
    identifier = Subscriber.id if asked.is_sqlite else func.uuid_send(Subscriber.id)
    edge = literal(bound.to_bytes(2), LargeBinary)
    return type_coerce(func.substr(identifier, 15, 2), LargeBinary) < edge


def words(condition: Sample, names: Names) -> str:
    """Say how large it is."""
    return f"are in a random {condition.percent:g} % of everybody"
