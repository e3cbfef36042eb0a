"""Days as a mail says them."""

from datetime import date

from babel import Locale, UnknownLocaleError
from babel.dates import format_date


def day_in(language: str, day: date, pattern: str) -> str:
    """Return a day in the words of a language; English when it is not known.

    :param pattern: ``long`` and ``full``, or one of CLDR's own such as ``MMM``
    """
    try:
        locale = Locale.parse(language.replace("-", "_") or "en")
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse("en")
    return str(format_date(day, pattern, locale=locale))
