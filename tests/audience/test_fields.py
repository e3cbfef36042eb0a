import pytest

from mailer.audience.fields import clean_value, create_field, key_from
from mailer.audience.models import Field, FieldType
from mailer.audience.subscribers import save_subscriber
from mailer.errors import Invalid

CHOICES = Field(label="Bread", key="bread", type=FieldType.CHOICE, choices=["Rye", "Spelt"])
SEVERAL = Field(label="Breads", key="breads", type=FieldType.CHOICES, choices=["Rye", "Spelt", "White, soft"])


def field(type):
    return Field(label="It", key="it", type=type, choices=[])


@pytest.mark.parametrize(
    ("of", "given", "kept"),
    [
        (field(FieldType.TEXT), "  Porto ", "Porto"),
        (field(FieldType.TEXT), 12, "12"),
        (field(FieldType.TEXT), " ", None),
        (field(FieldType.NUMBER), "3", 3),
        (field(FieldType.NUMBER), "3.50", 3.5),
        (field(FieldType.NUMBER), 0, 0),
        (field(FieldType.DATE), "2026-05-31", "2026-05-31"),
        (field(FieldType.DATE), "2026-05-31T10:00:00Z", "2026-05-31"),
        (field(FieldType.BOOLEAN), "Yes", True),
        (field(FieldType.BOOLEAN), False, False),
        (field(FieldType.BOOLEAN), "0", False),
        (field(FieldType.URL), " https://example.com/rye ", "https://example.com/rye"),
        (CHOICES, "rye", "Rye"),
        (CHOICES, None, None),
        (SEVERAL, ["spelt", "Rye", "rye"], ["Rye", "Spelt"]),
        (SEVERAL, "Spelt | rye", ["Rye", "Spelt"]),
        (SEVERAL, "White, soft; Rye", ["Rye", "White, soft"]),
        (SEVERAL, "rye,spelt,", ["Rye", "Spelt"]),
        (SEVERAL, "white, soft", ["White, soft"]),
        (SEVERAL, '["Rye", "Spelt"]', ["Rye", "Spelt"]),
        (SEVERAL, "[rye, spelt]", ["Rye", "Spelt"]),
        (SEVERAL, [], None),
        (SEVERAL, " ; ", None),
    ],
)
def test_a_value_is_kept_as_its_field_says(of, given, kept):
    assert clean_value(of, given) == kept


@pytest.mark.parametrize(
    ("of", "given"),
    [
        (field(FieldType.TEXT), "a\nb"),
        (field(FieldType.TEXT), "x" * 501),
        (field(FieldType.TEXT), {"a": 1}),
        (field(FieldType.NUMBER), "nan"),
        (field(FieldType.NUMBER), "1e999"),
        (field(FieldType.NUMBER), True),
        (field(FieldType.DATE), "31.5.2026"),
        (field(FieldType.BOOLEAN), "perhaps"),
        (field(FieldType.URL), "example.com"),
        (field(FieldType.URL), "javascript:alert(1)"),
        (field(FieldType.URL), "https://[broken"),
        (CHOICES, "Toast"),
        (CHOICES, ["Rye"]),
        (SEVERAL, "Rye, Toast"),
        (SEVERAL, [["Rye"]]),
    ],
)
def test_a_value_that_does_not_fit_is_refused(of, given):
    with pytest.raises(Invalid):
        clean_value(of, given)


@pytest.mark.parametrize(
    ("label", "key"),
    [("Favourite bread", "favourite_bread"), ("2nd name", "field_2nd_name"), ("Größe", "grosse")],
)
def test_a_key_is_made_from_the_label(label, key):
    assert key_from(label) == key


def test_a_key_is_taken_once(workspace):
    create_field(workspace.id, "City")

    with pytest.raises(Invalid):
        create_field(workspace.id, "CITY")


def test_a_choice_needs_choices(workspace):
    with pytest.raises(Invalid):
        create_field(workspace.id, "Bread", type=FieldType.CHOICE, choices=[" "])


def test_a_default_has_to_fit(workspace):
    with pytest.raises(Invalid) as refused:
        create_field(workspace.id, "Loaves", type=FieldType.NUMBER, default_value="many")

    assert "default_value" in refused.value.fields


def test_somebody_new_has_the_defaults_and_nobody_else(workspace):
    old, _ = save_subscriber(workspace.id, "old@example.com")
    create_field(workspace.id, "Loaves", type=FieldType.NUMBER, default_value="2")
    create_field(workspace.id, "City", default_value="Porto")

    rosa, _ = save_subscriber(workspace.id, "rosa@example.com", fields={"city": "Faro", "loaves": ""})
    save_subscriber(workspace.id, "old@example.com", name="Otto")

    assert rosa.fields == {"city": "Faro", "loaves": 2}
    assert old.fields == {}
