"""What waits to be handed over, in an order in which each mailbox domain may be written to."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from mailer.delivery.engine.throttle import Throttle

Item = TypeVar("Item")


class Line(Generic[Item]):
    """A queue in which nobody waits behind a domain that may not be written to.

    What may begin within a moment is held aside and comes first when its domain has room
    again. The rest is put off, for the caller to give back with the times of its turns.

    :param domain_of: tells an item's mailbox domain
    """

    def __init__(self, items: Iterable[Item], domain_of: Callable[[Item], str]) -> None:
        self._waiting = deque(items)
        self._held: dict[str, deque[Item]] = {}
        self._domain_of = domain_of
        #: By domain, what does not get its turn soon.
        self.put_off: dict[str, list[Item]] = {}

    def __len__(self) -> int:
        return len(self._waiting) + sum(map(len, self._held.values()))

    def __bool__(self) -> bool:
        return bool(self._waiting or self._held)

    @property
    def ready_count(self) -> int:
        """How many wait for a connection and nothing else."""
        return len(self._waiting)

    def __iter__(self) -> Iterator[Item]:
        yield from self._waiting
        for held in self._held.values():
            yield from held

    def next(self, throttle: Throttle, now: float) -> Item | None:
        """Take the first that may begin, which then has begun; None when there is none now."""
        while self._waiting:
            item = self._waiting.popleft()
            domain = self._domain_of(item)
            if throttle.may_begin(domain, now) == 0.0:
                return item
            held = self._held.get(domain)
            if (len(held) if held else 0) < throttle.room(domain, now):
                self._held.setdefault(domain, deque()).append(item)
            else:
                self.put_off.setdefault(domain, []).append(item)
        return None

    def return_item(self, item: Item) -> None:
        """Put back what was taken and not begun after all."""
        self._waiting.appendleft(item)

    def look_again(self, domain: str) -> None:
        """Let the first that was held for a domain try again: something of it has ended."""
        held = self._held.get(domain)
        if held:
            self._waiting.appendleft(held.popleft())
            if not held:
                del self._held[domain]

    def look_at_all(self) -> None:
        """Let all that was held try again: time has passed."""
        for held in self._held.values():
            self._waiting.extendleft(reversed(held))
        self._held.clear()

    def keep(self, is_wanted: Callable[[Item], bool]) -> None:
        """Let go of all that is not wanted."""
        self._waiting = deque(filter(is_wanted, self._waiting))
        kept = {domain: deque(filter(is_wanted, held)) for domain, held in self._held.items()}
        self._held = {domain: held for domain, held in kept.items() if held}
        self.put_off = {domain: list(filter(is_wanted, items)) for domain, items in self.put_off.items()}

    def clear(self) -> None:
        """Let go of everything, but for what was put off."""
        self._waiting.clear()
        self._held.clear()
