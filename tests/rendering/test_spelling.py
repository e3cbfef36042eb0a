import pytest

from mailer.rendering.spelling import unknown_fields


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ subscriber.fields.city }}", []),
        ("a\n{{ subscriber.fields.ctiy | upper }}", [(2, "ctiy", "city")]),
        ("{{ subscriber.fields['ctiy'] }}", [(1, "ctiy", "city")]),
        ("{% if subscriber.fields.zzz == subscriber.fields.born %}{% endif %}", [(1, "zzz", "")]),
        ("{{ subscriber.name }} subscriber.fields.ctiy", []),
        ("{{ half", []),
    ],
)
def test_a_field_that_nobody_has_is_found(source, expected):
    found = unknown_fields(source, ["city", "born"])

    assert [
        (each.line, each.name.removeprefix("subscriber.fields."), each.suggestion.rpartition(".")[2])
        for each in found
    ] == expected
