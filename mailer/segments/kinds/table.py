"""Which module knows which kind of condition."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from mailer.segments import conditions
from mailer.segments.asked import Asked, Clause, Names
from mailer.segments.kinds import consents, deeds, details, events, fields, lists, samples, suppressions, tags


@dataclass(frozen=True)
class Kind:
    """What is known of a kind of condition.

    :param clause: raises ``Invalid`` when a value does not fit, or something that it names is gone
    """

    clause: Callable[[Any, Asked], Clause]
    words: Callable[[Any, Names], str]

    @classmethod
    def of(cls, module: ModuleType) -> "Kind":
        """Return what a module knows."""
        return cls(module.clause, module.words)


KINDS: Final[dict[type, Kind]] = {
    conditions.DetailIs: Kind.of(details),
    conditions.FieldIs: Kind.of(fields),
    conditions.HasTag: Kind.of(tags),
    conditions.OnList: Kind.of(lists),
    conditions.Consented: Kind.of(consents),
    conditions.Did: Kind.of(deeds),
    conditions.Happened: Kind.of(events),
    conditions.IsSuppressed: Kind.of(suppressions),
    conditions.Sample: Kind.of(samples),
}
