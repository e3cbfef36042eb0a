"""Choices that an address, a form or a stored selection names in words."""

from enum import StrEnum
from typing import TypeVar

from mailer.errors import Invalid

Choice = TypeVar("Choice", bound=StrEnum)


def choice_of(kind: type[Choice], given: str, *, label: str) -> Choice | None:
    """Return the choice that is named, or None where nothing is.

    A word that means nothing is refused: were it passed over, whatever it was to narrow
    would be about everybody.

    :param label: what is chosen, as the start of a sentence: “The status”
    :raises Invalid: there is no such choice
    """
    if not given:
        return None
    try:
        return kind(given)
    except ValueError:
        raise Invalid(f"{label} must be one of: {', '.join(kind)}.") from None
