"""A detail that everybody has."""

from typing import Final

from sqlalchemy import func, not_

from mailer.audience.models import Subscriber
from mailer.segments.asked import Asked, Clause, Names
from mailer.segments.conditions import Detail, DetailIs, Test
from mailer.segments.kinds import compare

DETAILS: Final = {
    Detail.EMAIL: "Email address",
    Detail.DOMAIN: "Domain of the address",
    Detail.NAME: "Name",
    Detail.LOCALE: "Language",
    Detail.TIME_ZONE: "Time zone",
    Detail.ADDED: "When they were added",
}


def clause(condition: DetailIs, asked: Asked) -> Clause:
    """Compare an address, a name, a language, a time zone or an arrival."""
    test, value = condition.test, condition.value.strip()
    match condition.detail:
        case Detail.ADDED:
            return compare.moment(Subscriber.created_at, test, value, asked)
        case Detail.EMAIL:
            return compare.text(Subscriber.email_key, test, value.casefold(), asked)
        case Detail.DOMAIN:
            # Behind the @, which a key has exactly once at its end.
            is_there = Subscriber.email_key.endswith(f"@{value.casefold()}", autoescape=True)
            return not_(is_there) if test is Test.IS_NOT else is_there
        case Detail.NAME:
            return compare.text(Subscriber.name_key, test, func.lower(value), asked, empty=value == "")
        case Detail.LOCALE:
            return compare.text(func.lower(Subscriber.locale), test, value.lower(), asked)
        case Detail.TIME_ZONE:
            return compare.text(func.lower(Subscriber.time_zone), test, value.lower(), asked)
    raise AssertionError(condition.detail)


def words(condition: DetailIs, names: Names) -> str:
    """Say what is compared."""
    if condition.detail is Detail.ADDED:
        return compare.compared("whose arrival here", condition.test, condition.value, quoted=False)
    return compare.compared(f"whose {DETAILS[condition.detail].lower()}", condition.test, condition.value)
