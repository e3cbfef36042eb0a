"""Loops that end: what ``{% for %}`` goes through, and how much a message may do in loops.

The budget counts steps and not seconds, so that a message that can be filled in today can
be tomorrow, on a slower machine too. A step is one node of a loop's body; loops in loops
take from the same budget.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from jinja2 import nodes
from jinja2.sandbox import SecurityError

from mailer.rendering.missing import Missing

#: Measured: about 0.1 s in all.
MOST_STEPS: Final = 50_000


class Budget:
    """What is left of a run's steps."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = MOST_STEPS

    def spend(self, steps: int) -> None:
        """Take some.

        :raises SecurityError: there are not so many left
        """
        self._left -= steps
        if self._left < 0:
            raise SecurityError("the loops go round too often")


def turns(values: Any, budget: Budget, steps: int) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """Yield each value with what ``loop`` is in its turn.

    :param steps: what one turn costs
    """
    items = _items(values)
    budget.spend(1)
    for number, item in enumerate(items, start=1):
        budget.spend(steps)
        yield (
            item,
            {
                "index": number,
                "first": number == 1,
                "last": number == len(items),
                "length": len(items),
            },
        )


def steps_in(body: list[nodes.Node]) -> int:
    """Return what one turn of a loop's body costs; those of a loop in it are counted when it turns."""
    steps, waiting = 1, list(body)
    while waiting:
        node = waiting.pop()
        steps += 1
        if not isinstance(node, nodes.For):
            waiting.extend(node.iter_child_nodes())
    return steps


def _items(values: Any) -> list[Any]:
    if isinstance(values, list | tuple):
        return list(values)
    if isinstance(values, Missing) or values is None or values == "":
        return []
    # Where one value stands today, several may stand tomorrow.
    return [values]
