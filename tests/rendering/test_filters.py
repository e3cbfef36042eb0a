"""The filters of the merge language."""

import ast
import inspect
from datetime import UTC, datetime

import pytest
import time_machine

from mailer.rendering import filters

TIMES = (datetime(2026, 2, 28, 23, 59, tzinfo=UTC), datetime(2031, 7, 1, 12, 0, tzinfo=UTC))

#: Something to filter, and what stands between the brackets.
EXAMPLES = {
    "default": ("", "there"),
    "d": ("", "there"),
    "upper": ("rye",),
    "lower": ("RYE",),
    "title": ("rye bread",),
    "capitalize": ("rye bread",),
    "trim": (" rye ",),
    "truncate": ("rye bread", 3),
    "urlencode": ("rye bread",),
    "join": (["rye", "bread"], " and "),
    "first": (["rye", "bread"],),
    "last": (["rye", "bread"],),
    "length": (["rye", "bread"],),
    "date": ("2026-03-01T09:00:00", "d MMMM y, HH:mm"),
    "number": (1234.5, 2),
    "percent": (0.25, 1),
    "currency": (12.5, "EUR"),
    "plural": (3, "one loaf", "# loaves"),
}
#: What the filters are made of: no clock, row, file or chance comes from there.
PURE = {"babel", "collections", "datetime", "decimal", "functools", "jinja2", "mailer", "typing", "zoneinfo"}


@pytest.mark.parametrize("name", sorted(filters.FILTERS))
def test_each_says_the_same_whenever_it_is_asked(name):
    said = []
    for moment in TIMES:
        with time_machine.travel(moment, tick=False):
            said.append(filters.FILTERS[name](*EXAMPLES[name]))

    assert said[0] == said[1]


def test_none_has_anything_at_hand_that_changes():
    tree = ast.parse(inspect.getsource(filters))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {node.module for node in imports if isinstance(node, ast.ImportFrom)}
    asked = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}

    assert all(isinstance(node, ast.ImportFrom) for node in imports)
    assert {module.partition(".")[0] for module in modules} <= PURE
    assert {module for module in modules if module.startswith("mailer")} == {"mailer.rendering.missing"}
    assert not asked & {"now", "utcnow", "today"}
