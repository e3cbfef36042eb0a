"""Values compared: texts, numbers, days and moments."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Boolean, Float, and_, cast, func, literal, not_, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from mailer.errors import Invalid
from mailer.segments.asked import Asked, Clause
from mailer.segments.conditions import Test

TESTS: Final = {
    Test.IS: "is",
    Test.IS_NOT: "is not",
    Test.CONTAINS: "contains",
    Test.BEGINS: "begins with",
    Test.LESS: "is less than",
    Test.MORE: "is more than",
    Test.BEFORE: "is before",
    Test.AFTER: "is after",
    Test.IN_LAST: "was in the last … days",
    Test.IN_NEXT: "is in the next … days",
    Test.ANNIVERSARY: "has its anniversary within … days",
    Test.EMPTY: "is empty",
    Test.FILLED: "is filled in",
    Test.ANY_OF: "include any of",
    Test.ALL_OF: "include all of",
    Test.NONE_OF: "include none of",
}


def compared(subject: str, test: Test, value: str, *, quoted: bool = True) -> str:
    """Return a comparison in words: “city is “Porto””."""
    words = TESTS[test]
    if "…" in words:
        return f"{subject} {words.replace('…', value or '…')}"
    if test in {Test.EMPTY, Test.FILLED}:
        return f"{subject} {words}"
    return f"{subject} {words} “{value}”" if quoted else f"{subject} {words} {value}"


def lately(days: int | None) -> str:
    """Return a window in words, with a space before."""
    return f" in the last {days} days" if days else ""


def text(column: Any, test: Test, value: Any, asked: Asked, *, empty: bool = False) -> Clause:
    """Compare a text.

    :param empty: nothing was given to compare with
    :raises Invalid: texts are not compared so
    """
    if test is Test.EMPTY:
        return column == ""
    if test is Test.FILLED:
        return column != ""
    if empty:
        raise Invalid("Write what it is compared with.")
    match test:
        case Test.IS:
            return column == value
        case Test.IS_NOT:
            return column != value
        case Test.CONTAINS:
            return holds(column, value, asked)
        case Test.BEGINS:
            return func.substr(column, 1, func.length(value)) == value
    raise Invalid("A text is compared with is, is not, contains or begins.")


def holds(column: Any, words: Any, asked: Asked) -> Clause:
    """Ask whether a text holds some words, exactly so."""
    return func.instr(column, words) > 0 if asked.is_sqlite else func.strpos(column, words) > 0


def number(kept: Any, test: Test, value: str) -> Clause:
    """Compare a number kept in JSON.

    :raises Invalid: the value is none, or numbers are not compared so
    """
    try:
        wanted = float(value.replace(",", "."))
    except ValueError:
        raise Invalid(f"“{value[:40]}” is not a number.") from None
    found = cast(kept.as_string(), Float)
    match test:
        case Test.IS:
            return func.coalesce(found == wanted, False)
        case Test.IS_NOT:
            return func.coalesce(found != wanted, True)
        case Test.LESS:
            return func.coalesce(found < wanted, False)
        case Test.MORE:
            return func.coalesce(found > wanted, False)
    raise Invalid("A number is compared with is, is not, less or more.")


def several(document: Any, key: str, test: Test, values: Sequence[str], asked: Asked) -> Clause:
    """Compare a list of choices under a key of a JSON document.

    :raises Invalid: no choice is given, or lists are not compared so
    """
    if not values:
        raise Invalid("Tick the choices that are meant.")
    if test not in {Test.ANY_OF, Test.ALL_OF, Test.NONE_OF}:
        raise Invalid("Several choices are compared with any of, all of or none of.")
    has = [_has(document, key, value, asked) for value in values]
    if test is Test.ALL_OF:
        return and_(*has)
    return or_(*has) if test is Test.ANY_OF else not_(or_(*has))


def _has(document: Any, key: str, value: str, asked: Asked) -> Clause:
    if asked.is_sqlite:
        chosen = func.json_each(document, f'$."{key}"').table_valued("value")
        return select(1).select_from(chosen).where(chosen.c.value == value).exists()
    # Of the whole document, so that whoever has no such value is compared too, and not with nothing.
    return cast(document.op("@>")(literal({key: [value]}, JSONB)), Boolean)


def day(column: Any, test: Test, value: str, asked: Asked) -> Clause:
    """Compare days kept as ``YYYY-MM-DD``, whose order is that of their text.

    :raises Invalid: the value is no day, or days are not compared so
    """
    today = asked.now.astimezone(UTC).date()
    if test in {Test.IN_LAST, Test.IN_NEXT, Test.ANNIVERSARY}:
        days = _days(value)
        if test is Test.IN_LAST:
            return column.between(str(today - timedelta(days=days)), str(today))
        if test is Test.IN_NEXT:
            return column.between(str(today), str(today + timedelta(days=days)))
        coming = {f"{today + timedelta(days=ahead):%m-%d}" for ahead in range(min(days, 366) + 1)}
        # Who was born on the 29th of February celebrates on the 28th where there is none.
        if "02-28" in coming and not _is_leap(today):
            coming.add("02-29")
        return func.substr(column, 6, 5).in_(sorted(coming))
    written = str(_day(value))
    match test:
        case Test.IS:
            return column == written
        case Test.IS_NOT:
            return column != written
        case Test.BEFORE:
            return and_(column != "", column < written)
        case Test.AFTER:
            return column > written
    raise Invalid("A date is compared with is, before, after or a number of days.")


def moment(column: Any, test: Test, value: str, asked: Asked) -> Clause:
    """Compare a moment with days in UTC.

    :raises Invalid: the value is no day, or moments are not compared so
    """
    if test is Test.IN_LAST:
        return column >= asked.since(_days(value))
    begins = datetime.combine(_day(value), datetime.min.time(), UTC)
    match test:
        case Test.BEFORE:
            return column < begins
        case Test.AFTER:
            return column >= begins + timedelta(days=1)
        case Test.IS:
            return and_(column >= begins, column < begins + timedelta(days=1))
    raise Invalid("A time is compared with before, after or a number of days.")


def end_of(given: date) -> datetime:
    """Return when a day ends in UTC."""
    return datetime.combine(given, datetime.min.time(), UTC) + timedelta(days=1)


def _days(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 3650:
        raise Invalid("Write a number of days, 1 to 3650.")
    return int(value)


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Invalid(f"“{value[:40]}” is not a date; write it like 2026-05-31.") from None


def _is_leap(day: date) -> bool:
    return day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
