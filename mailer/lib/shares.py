"""Rates as people read them."""

from babel.numbers import format_percent


def percent_in(locale: str, rate: float | None) -> str:
    """Write a rate between 0 and 1: 41.2%.

    Also 40.0%, so that a column of them has one form; nobody and everybody are 0% and 100%.
    """
    if rate is None:
        return "–"
    return format_percent(rate, format="#,##0%" if rate in (0, 1) else "#,##0.0%", locale=locale)
