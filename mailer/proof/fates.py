"""What a bad server does with each try: drawn by hash, so that the same seed is the same storm."""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Final


class Act(StrEnum):
    """What the server does at a stage instead of answering well."""

    #: Says a reply that is no yes.
    REFUSE = "refuse"
    #: Closes without a word; nothing is taken.
    CUT = "cut"
    #: Takes the message over, then closes without a word.
    TAKE_AND_CUT = "take_and_cut"
    #: Answers well, but late.
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one try.

    :param stage: ``mail``, ``rcpt``, ``data``, ``body`` (in mid-message) or ``dot``
    :param reply: of a refusal
    :param seconds: of silence before the act: a stall
    """

    stage: str
    act: Act
    reply: str = ""
    seconds: float = 0.0


_FOR_EVER: Final = (
    (0.008, Fate("rcpt", Act.REFUSE, "550 5.1.1 No such user")),
    (0.003, Fate("dot", Act.REFUSE, "554 5.1.1 This mailbox is closed")),
    (0.001, Fate("dot", Act.REFUSE, "554 5.7.1 We do not like your kind of message")),
)
_THIS_TIME: Final = (
    (0.010, Fate("rcpt", Act.REFUSE, "450 4.2.1 Mailbox busy")),
    (0.010, Fate("dot", Act.REFUSE, "451 4.3.0 Try again")),
    (0.010, Fate("rcpt", Act.REFUSE, "452 4.2.2 Mailbox full")),
    (0.003, Fate("mail", Act.REFUSE, "451 4.3.2 Not now")),
    (0.002, Fate("data", Act.REFUSE, "451 4.3.0 Not now")),
    (0.002, Fate("rcpt", Act.REFUSE, "421 4.3.2 Going down")),
    (0.002, Fate("dot", Act.REFUSE, "421 4.3.2 Going down")),
    (0.002, Fate("rcpt", Act.CUT)),
    (0.002, Fate("body", Act.CUT)),
    (0.002, Fate("dot", Act.CUT)),
    (0.002, Fate("dot", Act.TAKE_AND_CUT)),
    (0.0005, Fate("rcpt", Act.CUT, seconds=2.0)),
    (0.0005, Fate("dot", Act.CUT, seconds=2.0)),
    (0.0005, Fate("dot", Act.TAKE_AND_CUT, seconds=2.0)),
    (0.005, Fate("dot", Act.SLOW, seconds=0.2)),
)
#: A message that met this many faults gets through: no storm lasts for ever.
_MOST_FAULTS: Final = 6


def fate_of(seed: int, address: str, attempt: int) -> Fate | None:
    """Return what becomes of a try, or None when nothing does.

    :param attempt: how many the server has seen of this address, from 1
    """
    fate = _drawn(_FOR_EVER, f"{seed} {address}")
    if fate is None and attempt <= _MOST_FAULTS:
        fate = _drawn(_THIS_TIME, f"{seed} {address} {attempt}")
    return fate


def _drawn(chances: tuple[tuple[float, Fate], ...], lot: str) -> Fate | None:
    number = int.from_bytes(blake2b(lot.encode(), digest_size=8).digest()) / 2**64
    for chance, fate in chances:
        number -= chance
        if number < 0:
            return fate
    return None
