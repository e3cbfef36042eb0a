"""Looking a domain's records up: asked outside of any transaction, and taken in afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mailer.delivery.dkim_rotation import take_answer
from mailer.delivery.engine.txt_records import Answer, look_up
from mailer.delivery.models import KeyState, SendingDomain
from mailer.errors import Conflict


@dataclass(frozen=True)
class Names:
    """The names of a domain's records, by the id of their key."""

    by_key: Mapping[UUID, str]

    def look_up(self) -> dict[UUID, Answer]:
        """Ask the DNS for each; it may take seconds, so nothing of the database should wait for it."""
        return {key_id: look_up(name) for key_id, name in self.by_key.items()}


@dataclass(frozen=True)
class Verified:
    """What came of it.

    :param began: how many new keys sign from now on
    :param problem: why the DNS could not be asked; empty when it could
    """

    began: int
    problem: str


def records_of(sending_domain: SendingDomain) -> Names:
    """Return the names to look up: those of all keys that are not retired."""
    keys = [key for key in sending_domain.keys if key.state is not KeyState.RETIRED]
    return Names({key.id: key.record_name for key in keys})


def take_answers(sending_domain: SendingDomain, answers: Mapping[UUID, Answer], *, now: datetime) -> Verified:
    """Note what was found; a new key whose record is there begins to sign."""
    began, problem = 0, ""
    for key in sending_domain.keys:
        if key.id not in answers:
            continue
        was_pending = key.state is KeyState.PENDING
        try:
            take_answer(key, answers[key.id], now=now)
        except Conflict as error:
            problem = problem or error.message
        began += was_pending and key.state is KeyState.ACTIVE
    return Verified(began, problem)
