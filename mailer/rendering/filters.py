"""The filters of the merge language: what may follow a ``|``.

Each takes a plain value and gives a text, a number or a part of a list. None makes much
out of little (``center``, ``replace`` and ``*`` would), so that chaining them is safe.
Those in :data:`IN_LANGUAGE` also get the reader's locale, which ``language`` adds to them.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache, wraps
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent
from jinja2 import filters as jinja_filters
from jinja2.exceptions import FilterArgumentError

from mailer.rendering.missing import Missing

#: Beyond it a “number” is a mistake, or asks for a million digits: ``1e999999``.
_MOST_DIGITS: Final = 15
#: What is slow is not done to a text that no field holds.
_LONGEST_SLOW: Final = 5_000
_LONGEST_PATTERN: Final = 40
_DATE_STYLES: Final = frozenset({"short", "medium", "long", "full"})
_DEFAULT_LOCALE: Final = "en"


def default(value: Any, default: Any = "", boolean: bool = False) -> Any:
    """Take the default for an empty text too: a name that was never given is ``""``, not missing."""
    is_empty = isinstance(value, Missing) or value is None or value in ("", [])
    return default if is_empty or (boolean and not value) else value


def truncate(value: Any, length: int = 80, end: str = "…") -> str:
    """Cut a text off after so many characters."""
    text = str(value)
    return text if len(text) <= length else text[:length].rstrip() + end


def join(value: Any, between: str = ", ") -> Any:
    """Put several values in one line."""
    return between.join(map(str, value)) if isinstance(value, list) else value


def first(value: Any) -> Any:
    """Return the first of several values."""
    return _picked(value, 0)


def last(value: Any) -> Any:
    """Return the last of several values."""
    return _picked(value, -1)


def length(value: Any) -> int:
    """Return how many values, or characters, there are."""
    return len(value) if isinstance(value, list | str) else 0


def date_in(value: Any, style: str = "long", *, locale: Any = "", zone: Any = "") -> Any:
    """Write a date as the reader's language does: ``long``, or a pattern such as ``d MMMM``.

    What is no date is left as it is.
    """
    moment = _moment(value)
    if moment is None:
        return value
    pattern = str(style)[:_LONGEST_PATTERN]
    if not isinstance(moment, datetime):
        return format_date(moment, pattern, locale=_locale(locale))
    if pattern in _DATE_STYLES:
        return format_date(moment.astimezone(_zone(zone)), pattern, locale=_locale(locale))
    return format_datetime(moment, pattern, tzinfo=_zone(zone), locale=_locale(locale))


def number(value: Any, decimals: Any = None, *, locale: Any = "") -> Any:
    """Write a number with the separators of the reader's language: 1,234.5 or 1.234,5."""
    amount = _amount(value)
    if amount is None:
        return value
    pattern = None if decimals is None else "#,##0" + "." * bool(_places(decimals)) + "0" * _places(decimals)
    return format_decimal(amount, format=pattern, locale=_locale(locale))


def percent(value: Any, decimals: Any = 0, *, locale: Any = "") -> Any:
    """Write a share of one as a percentage: 0.25 is 25%."""
    amount = _amount(value)
    if amount is None:
        return value
    places = _places(decimals)
    pattern = Locale.parse(_locale(locale)).percent_formats[None]
    pattern = pattern.pattern.replace("#,##0", "#,##0" + "." * bool(places) + "0" * places)
    return format_percent(amount, format=pattern, locale=_locale(locale))


def currency(value: Any, code: str = "EUR", *, locale: Any = "") -> Any:
    """Write an amount of money: ``{{ 12.5 | currency('EUR') }}``."""
    amount = _amount(value)
    if amount is None:
        return value
    name = str(code).upper()
    if len(name) != 3 or not name.isascii() or not name.isalpha():
        raise FilterArgumentError("A currency has three letters, such as EUR")
    return format_currency(amount, name, locale=_locale(locale))


def plural(value: Any, one: str = "", other: str = "", *, locale: Any = "", **forms: str) -> str:
    """Choose the words that go with a number: ``{{ points | plural('one point', '# points') }}``.

    A ``#`` becomes the number. Languages with more forms name them: ``few=…``, ``many=…``.
    """
    amount = _amount(value)
    if amount is None:
        amount = Decimal(len(value) if isinstance(value, list) else 0)
    forms = {"one": one, "other": other or one, **forms}
    chosen = forms.get(Locale.parse(_locale(locale)).plural_form(amount), forms["other"])
    return str(chosen).replace("#", str(number(amount, locale=locale)), 1)


def _textual(filter_: Callable[..., Any], longest: int | None = None) -> Callable[..., Any]:
    def filtered(value: Any, *arguments: Any, **options: Any) -> Any:
        text = str(value)
        if longest is not None and len(text) > longest:
            raise FilterArgumentError(f"It is longer than {longest:,} characters")
        return filter_(text, *arguments, **options)

    return filtered


def _in_language(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """Let a pattern that Babel cannot follow be an error of whoever wrote it."""

    @wraps(filter_)
    def filtered(value: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return filter_(value, *arguments, **options)
        except (LookupError, AttributeError, ArithmeticError) as error:
            raise FilterArgumentError(f"This cannot be written so: {error}") from None

    return filtered


#: Filters that write as the reader's language does.
IN_LANGUAGE: Final[Mapping[str, Callable[..., Any]]] = {
    "date": _in_language(date_in),
    "number": _in_language(number),
    "percent": _in_language(percent),
    "currency": _in_language(currency),
    "plural": _in_language(plural),
}
#: All of them. Each says the same of the same values whenever it is asked, for ``program`` remembers
#: what was said: one that reads a clock, a row or chance would tell everybody what it told the first.
FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "default": default,
    "d": default,
    "upper": _textual(str.upper),
    "lower": _textual(str.lower),
    "title": _textual(jinja_filters.do_title, _LONGEST_SLOW),
    "capitalize": _textual(str.capitalize),
    "trim": _textual(str.strip),
    "truncate": truncate,
    "urlencode": _textual(jinja_filters.do_urlencode, _LONGEST_SLOW),
    "join": join,
    "first": first,
    "last": last,
    "length": length,
    **IN_LANGUAGE,
}


def _picked(value: Any, index: int) -> Any:
    if not isinstance(value, list):
        return value
    return value[index] if value else Missing(name="item")


def _moment(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or len(value) > _LONGEST_PATTERN:
        return None
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            moment = read(value)
        except ValueError:
            continue
        if isinstance(moment, datetime) and moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment
    return None


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    if isinstance(value, str) and len(value) > _LONGEST_PATTERN:
        return None
    try:
        amount = Decimal(str(value).strip())
    except (InvalidOperation, ValueError):
        return None
    is_sensible = amount.is_finite() and abs(amount.adjusted()) <= _MOST_DIGITS
    return amount if is_sensible else None


def _places(decimals: Any) -> int:
    return min(max(int(decimals), 0), 10)


@lru_cache(maxsize=256)
def known_locale(name: str) -> str:
    """Return the nearest locale that we have words for: ``de-AT`` and ``de-XX`` are understood as German."""
    parts = name.replace("-", "_").split("_")
    for count in range(len(parts), 0, -1):
        try:
            return str(Locale.parse("_".join(parts[:count])))
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    return _DEFAULT_LOCALE


def _locale(name: Any) -> str:
    return known_locale(name[:20]) if isinstance(name, str) and name else _DEFAULT_LOCALE


def _zone(name: Any) -> tzinfo:
    return _known_zone(name) if isinstance(name, str) and name else UTC


@lru_cache(maxsize=256)
def _known_zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC
