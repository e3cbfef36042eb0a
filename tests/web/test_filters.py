"""How times, figures and colours are said."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine

from mailer.web import filters

NOON = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)


@pytest.fixture
def vienna(app, workspace):
    from flask import g

    workspace.time_zone, workspace.locale = "Europe/Vienna", "de-DE"
    with app.test_request_context():
        g.workspace = workspace
        yield workspace


@time_machine.travel(NOON)
def test_times_stand_in_the_workspace_zone_and_leave_out_the_present_year(vienna):
    assert filters.local_time(NOON) == "5 Mai, 14:00"
    assert filters.local_time(NOON.replace(year=2024)) == "5 Mai 2024, 14:00"
    assert filters.local_time(NOON, "full").endswith(", 5 Mai 2026, 14:00")
    assert filters.utc_words(NOON) == "2026-05-05 12:00 UTC"


def test_amounts_have_the_decimals_of_their_currency(vienna):
    assert filters.money(Decimal("3131.5"), "EUR") == "3.131,50 EUR"
    assert filters.money(Decimal(3131), "JPY") == "3.131 JPY"


@time_machine.travel(NOON)
def test_a_fresh_time_is_said_by_its_distance(vienna):
    assert filters.ago(NOON) == "just now"
    assert filters.ago(NOON.replace(hour=11, minute=57)) == "vor 3 Minuten"


def test_figures_follow_the_workspace_locale(vienna):
    assert filters.number(1234567) == "1.234.567"
    assert filters.percent(0.4123) == "41,2%"
    assert filters.number(None) == filters.percent(None) == "–"


@pytest.mark.parametrize(
    ("color", "text"),
    [("#ffffff", "#000000"), ("#000000", "#ffffff"), ("#3b5bdb", "#ffffff"), ("#ffd43b", "#000000")],
)
def test_text_on_a_colour_takes_the_side_with_more_contrast(color, text):
    assert filters.text_on(color) == text


@pytest.mark.parametrize(
    ("name", "letters"), [("Ana Berger", "AB"), ("ana@example.com", "AE"), ("Bakery", "B"), ("…", "?")]
)
def test_initials_stand_for_a_name(name, letters):
    assert filters.initials(name) == letters


def test_chart_data_counts_days_in_the_zone_and_cannot_end_the_script(vienna):
    data = filters.chart_data([(date(2026, 5, 5), 3)], ["</script>"])

    assert '"times": [1777932000]' in data
    assert "</script>" not in data
