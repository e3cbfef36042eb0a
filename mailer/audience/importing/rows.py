"""From a row of a file to a person: what can be taken, who is not to be mailed, and what is refused."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from mailer.audience.external_ids import clean_external_id
from mailer.audience.fields import clean_value
from mailer.audience.importing.origins import UnknownStatus, departure_of, status_in_name
from mailer.audience.models import Departure, Field, FieldType
from mailer.audience.subscribers import clean_locale, clean_zone
from mailer.errors import Invalid
from mailer.lib.addresses import address_key, clean_address, split_mailbox
from mailer.lib.lines import clean_line

#: Stand in copied cells, and in no address.
_INVISIBLE: Final = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\u00a0"))
_YES: Final = frozenset({"true", "yes", "y", "1", "on", "x"})
_NO: Final = frozenset({"false", "no", "n", "0", "off"})
_DAY: Final = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})\b")
#: Kinds of refusal, with the words that stand above their count.
KINDS: Final = {
    "no_address": "No address",
    "not_an_address": "Not an address",
    "bad_value": "A value that does not fit its field",
    "other_person": "An external id of somebody else",
    "not_subscribed": "Never confirmed, or never subscribed",
    "suppressed": "Suppressed here",
    "erased": "Erased at their own request",
}


class Refused(Exception):
    """A row cannot be taken.

    :param kind: one of :data:`KINDS`
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind, self.reason = kind, reason


@dataclass(frozen=True, slots=True)
class Closed:
    """Why somebody is not to get one stream of transactional messages."""

    departure: Departure
    detail: str
    since: datetime | None


@dataclass(slots=True)
class Person:
    """A row that can be taken.

    :param departure: why they are not to be mailed, when they are not
    :param since: when they joined, or left
    :param detail: more of why they are not to be mailed
    :param closed: streams that they are not to get; by those alone nobody becomes a subscriber
    """

    email: str
    key: str
    name: str = ""
    locale: str = ""
    time_zone: str = ""
    external_id: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    departure: Departure | None = None
    since: datetime | None = None
    detail: str = ""
    closed: dict[str, Closed] = field(default_factory=dict)

    @property
    def is_departed(self) -> bool:
        """Whether they are not to be mailed, or not a stream of messages."""
        return self.departure is not None or bool(self.closed)

    def merge(self, later: "Person") -> None:
        """Take what a later row of the same file says; who is not to be mailed by one is not."""
        self.name = later.name or self.name
        self.locale = later.locale or self.locale
        self.time_zone = later.time_zone or self.time_zone
        self.external_id = later.external_id or self.external_id
        self.fields.update(later.fields)
        self.tags += later.tags
        if later.departure is not None:
            self.departure, self.since, self.detail = later.departure, later.since, later.detail
        self.closed.update(later.closed)


@dataclass(frozen=True)
class Column:
    """What one column of a file is.

    :param day_first: how its dates are to be read, where the rows told; None when they did not
    """

    number: int
    meaning: str
    day_first: bool | None = None


class RowReader:
    """Reads the rows of one file.

    :param definitions: the workspace's fields by key
    :param everyone: why nobody in this file is to be mailed, when nobody is
    """

    def __init__(
        self,
        columns: Sequence[Column],
        definitions: Mapping[str, Field],
        *,
        now: datetime,
        everyone: Departure | None = None,
    ) -> None:
        self._everyone, self._now = everyone, now
        self._email = next(column.number for column in columns if column.meaning == "email")
        self._stream = next((column.number for column in columns if column.meaning == "stream"), None)
        readers: dict[str, Callable[[Person, str], None]] = {
            "name": self._name,
            "locale": self._locale,
            "time_zone": self._time_zone,
            "external_id": self._external_id,
            "tags": self._tags,
            "json": self._json,
            "status": self._status,
            "part": self._part,
            "subscribed": self._subscribed,
            "blocked": self._blocked,
            "joined_at": self._joined_at,
            "left_at": self._left_at,
            "bounced_at": self._bounced_at,
            "detail": self._detail,
        }
        self._definitions = definitions
        self._steps: list[tuple[int, Callable[[Person, str], None]]] = []
        for column in columns:
            if column.meaning.startswith("field:"):
                definition = definitions.get(column.meaning.removeprefix("field:"))
                if definition is not None:
                    self._steps.append((column.number, self._field(definition, column.day_first)))
            elif column.meaning in readers:
                self._steps.append((column.number, readers[column.meaning]))
        first = next((column.number for column in columns if column.meaning == "first_name"), None)
        last = next((column.number for column in columns if column.meaning == "last_name"), None)
        self._names = [number for number in (first, last) if number is not None]

    def read(self, row: Sequence[str]) -> Person:
        """Return the person in a row.

        :raises Refused: with the kind of reason, and a sentence
        """
        width = len(row)
        person = self._addressed(row[self._email] if self._email < width else "")
        for number, step in self._steps:
            if number < width and (cell := row[number].strip()):
                step(person, cell)
        if self._names and not person.name:
            parts = (row[number].strip() for number in self._names if number < width)
            if name := " ".join(part for part in parts if part):
                self._name(person, name)
        if self._everyone is not None:
            person.departure = person.departure or self._everyone
        if self._stream is not None and self._stream < width and (stream := row[self._stream].strip()):
            self._close(person, stream)
        return person

    def _addressed(self, cell: str) -> Person:
        if not cell.isascii():
            cell = cell.translate(_INVISIBLE)
        cell = cell.strip().removeprefix("mailto:")
        if not cell:
            raise Refused("no_address", "There is no address in this row.")
        name = ""
        try:
            if cell.endswith(">"):
                name, email = split_mailbox(cell)
                name = clean_line(name, label="The name", longest=200)
            else:
                email = clean_address(cell)
        except Invalid as error:
            raise Refused("not_an_address", error.message) from None
        return Person(email, address_key(email), name)

    def _name(self, person: Person, cell: str) -> None:
        # An address is often its own name where nobody was asked for one.
        if "@" in cell and address_key(cell) == person.key:
            return
        try:
            person.name = clean_line(cell, label="The name", longest=200)
        except Invalid as error:
            raise Refused("bad_value", error.message) from None

    def _locale(self, person: Person, cell: str) -> None:
        try:
            person.locale = clean_locale(cell)
        except Invalid as error:
            raise Refused("bad_value", error.message) from None

    def _time_zone(self, person: Person, cell: str) -> None:
        try:
            person.time_zone = clean_zone(cell)
        except Invalid as error:
            raise Refused("bad_value", error.message) from None

    def _external_id(self, person: Person, cell: str) -> None:
        try:
            person.external_id = clean_external_id(cell)
        except Invalid as error:
            raise Refused("bad_value", error.message) from None

    def _tags(self, person: Person, cell: str) -> None:
        try:
            for part in cell.replace(";", ",").replace("|", ",").split(","):
                # Mailchimp puts each into quotes of its own.
                if tag := clean_line(part.strip().strip('"“”'), label="A tag", longest=60):
                    person.tags.append(tag)
        except Invalid as error:
            raise Refused("bad_value", error.message) from None

    def _json(self, person: Person, cell: str) -> None:
        for key, value in json_values(cell).items():
            definition = self._definitions.get(key)
            if definition is not None and (
                definition.type is FieldType.CHOICES or not isinstance(value, list)
            ):
                person.fields[key] = self._clean(definition, value)

    def _field(self, definition: Field, day_first: bool | None) -> Callable[[Person, str], None]:
        key = definition.key
        if definition.type is FieldType.DATE:

            def take_date(person: Person, cell: str) -> None:
                person.fields[key] = self._clean(definition, iso_date(cell, day_first))

            return take_date

        def take(person: Person, cell: str) -> None:
            person.fields[key] = self._clean(definition, cell)

        return take

    def _clean(self, definition: Field, value: Any) -> Any:
        try:
            return clean_value(definition, value)
        except Invalid as error:
            raise Refused("bad_value", f"{definition.label}: {error.message}") from None

    def _status(self, person: Person, cell: str) -> None:
        try:
            departure = departure_of(cell)
        except UnknownStatus as error:
            why = "never confirmed there" if str(error) == "waiting" else "a status that we do not know"
            raise Refused("not_subscribed", f"“{cell[:40]}”: {why}.") from None
        person.departure = departure or person.departure

    def _part(self, person: Person, cell: str) -> None:
        if status := status_in_name(cell):
            self._status(person, status)

    def _subscribed(self, person: Person, cell: str) -> None:
        if cell.casefold() in _NO:
            person.departure = person.departure or Departure.UNSUBSCRIBED

    def _blocked(self, person: Person, cell: str) -> None:
        if cell.casefold() in _YES or cell.casefold() in {"unsubscribed", "blacklisted", "blocked"}:
            person.departure = person.departure or Departure.UNSUBSCRIBED

    def _detail(self, person: Person, cell: str) -> None:
        person.detail = cell[:500]

    def _close(self, person: Person, stream: str) -> None:
        """Make what a row says one stream's matter."""
        try:
            stream = clean_line(stream, label="The stream", longest=40)
        except Invalid as error:
            raise Refused("bad_value", error.message) from None
        person.closed[stream] = Closed(person.departure or Departure.IMPORTED, person.detail, person.since)
        person.departure, person.since, person.detail = None, None, ""

    def _joined_at(self, person: Person, cell: str) -> None:
        if person.departure is None:
            person.since = self._moment(cell) or person.since

    def _left_at(self, person: Person, cell: str) -> None:
        person.departure = person.departure or Departure.UNSUBSCRIBED
        person.since = self._moment(cell) or person.since

    def _bounced_at(self, person: Person, cell: str) -> None:
        person.departure = Departure.HARD_BOUNCE
        person.since = self._moment(cell) or person.since

    def _moment(self, cell: str) -> datetime | None:
        try:
            moment = datetime.fromisoformat(cell.replace("/", "-"))
        except ValueError:
            return None
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return moment if datetime(1990, 1, 1, tzinfo=UTC) < moment <= self._now else None


def json_values(cell: str) -> dict[str, Any]:
    """Return the plain values and lists of a JSON object by key, or nothing when it is none."""
    try:
        given = json.loads(cell)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(given, dict):
        return {}
    return {key: value for key, value in given.items() if isinstance(value, str | int | float | bool | list)}


def iso_date(cell: str, day_first: bool | None) -> str:
    """Return a date as ``2026-05-31`` where it is clear which number is the month, else as it is."""
    match = _DAY.match(cell)
    if match is None:
        return cell.replace("/", "-")
    first, sign, second, year = match.groups()
    is_day_first = day_first if day_first is not None else (True if sign == "." else _tells(cell))
    if is_day_first is None:
        return cell
    day, month = (first, second) if is_day_first else (second, first)
    return f"{year}-{int(month):02}-{int(day):02}"


def day_comes_first(cells: Sequence[str]) -> bool | None:
    """Return whether dates such as 03/04/2026 begin with the day; None when no cell tells."""
    told = {_tells(cell) for cell in cells} - {None}
    return told.pop() if len(told) == 1 else None


def _tells(cell: str) -> bool | None:
    match = _DAY.match(cell)
    if match is None:
        return None
    first, sign, second, _ = match.groups()
    if sign == "." or int(first) > 12:
        return True
    return False if int(second) > 12 else None
