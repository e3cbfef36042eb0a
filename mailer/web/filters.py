"""How times, figures and colours are said: in the workspace's zone and the workspace's locale."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_compact_decimal, format_currency, format_decimal
from flask import Flask, g
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from mailer.lib.clock import utcnow
from mailer.lib.colors import text_on
from mailer.lib.shares import percent_in
from mailer.rendering.locales import language_name

#: The day before the month and hours up to 24, as in every shorter form.
_TIME_FORMS: Final = {"long": "d MMM y, HH:mm:ss z", "full": "EEEE, d MMMM y, HH:mm"}


def init_app(app: Flask) -> None:
    """Give templates the filters of this module by their names."""
    filters = (
        *(number, compact, percent, money, iso, local_time, local_day, month, utc_words, ago),
        *(initials, text_on, language_name),
    )
    app.jinja_env.filters.update({function.__name__: function for function in filters})
    app.jinja_env.filters["chart_data"] = chart_data


def number(value: float | None) -> str:
    """Write a figure: 12,480."""
    return "–" if value is None else format_decimal(value, locale=_locale())


def compact(value: float | None) -> str:
    """Write a figure where there is little room: 12K."""
    return "–" if value is None else format_compact_decimal(value, locale=_locale(), fraction_digits=1)


def percent(rate: float | None) -> str:
    """Write a rate between 0 and 1: 41.2%."""
    return percent_in(_locale(), rate)


def money(value: Decimal, currency: str) -> str:
    """Write an amount with its currency’s code and as many decimals as it has: 31.50 EUR, 3,150 JPY."""
    return format_currency(value, currency, "#,##0.00 ¤¤", locale=_locale())


def iso(at: date) -> str:
    """Write a time for machines, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="seconds") if isinstance(at, datetime) else at.isoformat()


def local_time(at: datetime, form: str = "medium") -> str:
    """Write a time in the workspace's zone.

    :param form: ``medium`` for lists, ``long`` to the second, ``full`` with the weekday, or a pattern (CLDR)
    """
    if form == "medium":
        form = "d MMM y, HH:mm" if _local(at).year != _local(utcnow()).year else "d MMM, HH:mm"
    return format_datetime(_local(at), _TIME_FORMS.get(form, form), locale=_locale())


def local_day(day: date) -> str:
    """Write the day of a time in the workspace's zone, or a day that has none."""
    local = _local(day) if isinstance(day, datetime) else day
    return format_date(local, "d MMM y", locale=_locale())


def month(day: date) -> str:
    """Write the month that a day is in: “Mar 2026”."""
    return format_date(day, "MMM y", locale=_locale())


def utc_words(at: date) -> str:
    """Write a time in UTC, for the hover."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if isinstance(at, datetime) else at.isoformat()


def ago(at: datetime) -> str:
    """Write how long ago something was: "3 minutes ago"."""
    distance = at - utcnow()
    if abs(distance) < timedelta(seconds=45):
        return "just now"
    return format_timedelta(distance, add_direction=True, locale=_locale())


def initials(name: str) -> str:
    """Return one or two letters that stand for a person or a workspace."""
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def chart_data(
    points: Iterable[Sequence[Any]],
    names: Sequence[str],
    zone: str | None = None,
    unit: str = "day",
    *,
    is_running: bool = False,
) -> Markup:
    """Return the JSON that a time series is drawn from, safe inside a script tag.

    :param points: (day or aware time, value, value …), oldest first; one value a name
    :param unit: what a point stands for: ``hour``, ``day`` or ``week``
    :param is_running: the last point's time is not over, so that its values are still too small
    """
    rows = list(points)
    zone = zone or str(_zone())
    series = [
        {"label": name, "values": [row[index] for row in rows]} for index, name in enumerate(names, start=1)
    ]
    times = [_seconds(row[0], ZoneInfo(zone)) for row in rows]
    return htmlsafe_json_dumps(
        {"times": times, "series": series, "zone": zone, "unit": unit, "running": is_running}
    )


def _seconds(at: date, zone: ZoneInfo) -> int:
    moment = at if isinstance(at, datetime) else datetime.combine(at, time(), zone)
    return int(moment.timestamp())


def _local(at: datetime) -> datetime:
    return at.astimezone(_zone())


def _zone() -> ZoneInfo:
    workspace = g.get("workspace")
    return ZoneInfo(workspace.time_zone if workspace else "UTC")


def _locale() -> str:
    workspace = g.get("workspace")
    return workspace.locale.replace("-", "_") if workspace else "en"
