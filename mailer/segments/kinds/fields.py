"""A value of one of the workspace's fields."""

from sqlalchemy import func, not_

from mailer.audience.models import FieldType, Subscriber
from mailer.errors import Invalid
from mailer.segments.asked import Asked, Clause, Names
from mailer.segments.conditions import FieldIs, Test
from mailer.segments.kinds import compare


def clause(condition: FieldIs, asked: Asked) -> Clause:
    """Compare a field's value as its type asks."""
    kind = asked.fields.get(condition.field)
    if kind is None:
        raise Invalid(f"There is no field “{condition.field}” any more.")
    test, value = condition.test, condition.value.strip()
    kept = Subscriber.fields[condition.field]
    text = func.coalesce(kept.as_string(), "")
    if test in {Test.EMPTY, Test.FILLED}:
        return text == "" if test is Test.EMPTY else text != ""
    match kind:
        case FieldType.CHOICES:
            return compare.several(Subscriber.fields, condition.field, test, condition.values, asked)
        case FieldType.NUMBER:
            return compare.number(kept, test, value)
        case FieldType.DATE:
            return compare.day(text, test, value, asked)
        case FieldType.BOOLEAN:
            # SQLite reads true out of JSON as 1.
            yes = text.in_(("1", "true"))
            return yes if value.casefold() != "no" else not_(yes)
    return compare.text(func.lower(text), test, func.lower(value), asked, empty=value == "")


def words(condition: FieldIs, names: Names) -> str:
    """Say what is compared, by the field's label."""
    label = names.fields.get(condition.field, condition.field)
    if condition.values:
        chosen = ", ".join(f"“{value}”" for value in condition.values)
        return compare.compared(f"whose {label}", condition.test, chosen, quoted=False)
    return compare.compared(f"whose {label}", condition.test, condition.value)
