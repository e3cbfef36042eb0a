"""Filling in a form: what its slots say for one reader, as lines that are ready to be sent."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from mailer.delivery.engine.quoted_printable import plain_segment, segment, token_segment
from mailer.lib.remembered import Remembered
from mailer.rendering.merge import MOST_CHARACTERS, MergeFailed, one_line, said
from mailer.rendering.program import Form, Layout, Slot

#: Of each value that the form asks for: names and towns come again.
_MOST_KNOWN: Final = 5_000

#: From a value to the lines of all slots that depend on it.
_LinesOf = Callable[[Any], tuple[bytes, ...]]


class Blanks:
    """The slots of a form; what they say is made once of each value that comes, and remembered.

    :ivar layouts: of HTML and text, where slots have the numbers of the lines that ``fill`` returns
    """

    def __init__(self, form: Form) -> None:
        self._keys = form.keys
        self._in_subject = [form.slots[item].key for item in form.layouts[0] if isinstance(item, int)]
        self._subjects = Remembered(partial(_subject, form), most=_MOST_KNOWN)
        html, text = form.layouts[1:]
        in_body = {item for item in (*html, *text) if isinstance(item, int)}
        #: Slot numbers by the key that they depend on, so that each value is looked up once.
        by_key = [[item for item in in_body if form.slots[item].key == key] for key in range(len(form.keys))]
        self._lines_of = [_lines_of([form.slots[item] for item in items]) for items in by_key]
        numbers = {item: number for number, item in enumerate(item for items in by_key for item in items)}
        self.layouts = _numbered(html, numbers), _numbered(text, numbers)

    def fill(self, values: Mapping[str, Any]) -> tuple[str, list[bytes]]:
        """Return the subject for one reader's values, and the lines of each slot.

        :raises MergeFailed: the values do not suit the tags, or are far too long
        """
        found = [key(values) for key in self._keys]
        subject = self._subjects[tuple([found[key] for key in self._in_subject])]
        lines: list[bytes] = []
        for lines_of, value in zip(self._lines_of, found, strict=True):
            lines += lines_of(value)
        if sum(map(len, lines)) > MOST_CHARACTERS:
            raise MergeFailed(f"The values are longer than {MOST_CHARACTERS:,} characters.")
        return subject, lines


def _numbered(layout: Layout, numbers: Mapping[int, int]) -> Layout:
    return tuple(numbers[item] if isinstance(item, int) else item for item in layout)


def _lines_of(slots: Sequence[Slot]) -> _LinesOf:
    if slots and slots[0].is_token:
        # A value that is a token stands nowhere but as it is, so that this is its only slot.
        return lambda token: (token_segment(token),)
    lines = partial(_lines, slots)
    # Another for each reader is not worth remembering.
    is_one_of_a_kind = any(slot.is_one_of_a_kind for slot in slots)
    return lines if is_one_of_a_kind else Remembered(lines, most=_MOST_KNOWN).__getitem__


def _lines(slots: Sequence[Slot], key: Any) -> tuple[bytes, ...]:
    plain = plain_segment(key) if type(key) is str else None
    return tuple([plain if plain and slot.is_verbatim else segment(said(slot, key)) for slot in slots])


def _subject(form: Form, keys: tuple[Any, ...]) -> str:
    following, slots = iter(keys), form.slots
    layout = form.layouts[0]
    return one_line(
        [said(slots[item], next(following)) if isinstance(item, int) else item for item in layout]
    )
