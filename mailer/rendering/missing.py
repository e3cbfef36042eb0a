"""What a merge tag finds in place of a value, and how several values are shown."""

from jinja2 import ChainableUndefined


class Missing(ChainableUndefined):
    """A value that is not there: it renders as nothing, and comparing it says no."""

    __slots__ = ()

    def _no(self, *_: object) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _no  # type: ignore[assignment]

    def __contains__(self, item: object) -> bool:
        return False


class Several(list[object]):
    """Values that stand in one place, such as somebody's tags; shown with commas between."""

    def __str__(self) -> str:
        return ", ".join(map(str, self))
