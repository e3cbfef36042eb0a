"""A tree of conditions in plain words, for people who did not build it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from mailer.audience.models import Field, MailingList, Tag
from mailer.db import db
from mailer.segments.conditions import (
    Condition,
    Consented,
    Deed,
    Detail,
    DetailIs,
    Did,
    FieldIs,
    Group,
    HasTag,
    InSegment,
    IsSuppressed,
    Match,
    OnList,
    Place,
    Sample,
    Test,
)
from mailer.segments.models import Segment

DETAILS: Final = {
    Detail.EMAIL: "Email address",
    Detail.DOMAIN: "Domain of the address",
    Detail.NAME: "Name",
    Detail.LOCALE: "Language",
    Detail.TIME_ZONE: "Time zone",
    Detail.ADDED: "When they were added",
}
TESTS: Final = {
    Test.IS: "is",
    Test.IS_NOT: "is not",
    Test.CONTAINS: "contains",
    Test.BEGINS: "begins with",
    Test.LESS: "is less than",
    Test.MORE: "is more than",
    Test.BEFORE: "is before",
    Test.AFTER: "is after",
    Test.IN_LAST: "was in the last … days",
    Test.IN_NEXT: "is in the next … days",
    Test.ANNIVERSARY: "has its anniversary within … days",
    Test.EMPTY: "is empty",
    Test.FILLED: "is filled in",
}
PLACES: Final = {
    Place.ACTIVE: "are on",
    Place.PENDING: "have not confirmed",
    Place.UNSUBSCRIBED: "left",
    Place.NEVER: "were never on",
}
DEEDS: Final = {
    Deed.RECEIVED: "received",
    Deed.OPENED: "opened",
    Deed.CLICKED: "clicked in",
    Deed.BOUNCED: "bounced",
}
CHANNELS: Final = {
    "signup_page": "on a sign-up page",
    "confirmation_page": "by confirming",
    "preference_page": "on the preference page",
    "import": "in an imported file",
    "staff": "to a member of staff",
    "api": "by the API",
}
REASONS: Final = {
    "any": "for any reason",
    "hard_bounce": "after a hard bounce",
    "complaint": "after a complaint",
    "unsubscribed": "after unsubscribing",
    "manual": "by hand",
    "imported": "by an import",
}


@dataclass(frozen=True)
class Names:
    """What conditions call by id, by the names that people know."""

    fields: Mapping[str, str]
    things: Mapping[str, str]

    @classmethod
    def of(cls, workspace_id: UUID) -> "Names":
        """Return the names of a workspace's things."""
        fields = db.session.execute(select(Field.key, Field.label).where(Field.workspace_id == workspace_id))
        things = {}
        models: tuple[Any, ...] = (MailingList, Tag, Segment)
        for model in models:
            for row in db.session.scalars(select(model).where(model.workspace_id == workspace_id)):
                things[row.public_id] = f"“{row.name}”"
        return cls({row.key: row.label for row in fields}, things)


def told(condition: Condition, names: Names) -> str:
    """Return a condition as words that go on after “people who”."""
    return _WORDS[type(condition)](condition, names)


def _group(group: Group, names: Names) -> str:
    if not group.conditions:
        return "are in the audience"
    parts = [_part(each, names) for each in group.conditions]
    if group.match is Match.NONE:
        return "do none of these: " + "; ".join(parts)
    return (" and " if group.match is Match.ALL else " or ").join(parts)


def _part(condition: Condition, names: Names) -> str:
    words = told(condition, names)
    is_several = isinstance(condition, Group) and len(condition.conditions) > 1
    return f"({words})" if is_several else words


def _compared(subject: str, test: Test, value: str) -> str:
    words = TESTS[test]
    if "…" in words:
        return f"whose {subject} {words.replace('…', value or '…')}"
    if test in {Test.EMPTY, Test.FILLED}:
        return f"whose {subject} {words}"
    return f"whose {subject} {words} “{value}”"


def _detail(condition: DetailIs, names: Names) -> str:
    if condition.detail is Detail.ADDED:
        words = TESTS[condition.test]
        held = words.replace("…", condition.value) if "…" in words else f"{words} {condition.value}"
        return f"whose arrival here {held}"
    return _compared(DETAILS[condition.detail].lower(), condition.test, condition.value)


def _field(condition: FieldIs, names: Names) -> str:
    return _compared(names.fields.get(condition.field, condition.field), condition.test, condition.value)


def _tag(condition: HasTag, names: Names) -> str:
    tag = names.things.get(condition.tag, "a tag that is gone")
    return f"{'have' if condition.has else 'do not have'} the tag {tag}"


def _list(condition: OnList, names: Names) -> str:
    name = names.things.get(condition.list, "a list that is gone")
    since = f" since {condition.within_days} days at most" if condition.within_days else ""
    return f"{PLACES[condition.place]} {name}{since}"


def _consent(condition: Consented, names: Names) -> str:
    return f"agreed {CHANNELS[condition.via]}{_lately(condition.within_days)}"


def _did(condition: Did, names: Names) -> str:
    what = "that campaign" if condition.campaign else "a campaign"
    deed = DEEDS[condition.deed]
    link = f", a link with “{condition.link}”" if condition.link and condition.deed is Deed.CLICKED else ""
    lately = _lately(condition.within_days)
    if condition.count == "at_most" and condition.times == 0:
        return f"never {deed} {what}{link}{lately}"
    if condition.count == "at_least" and condition.times == 1:
        return f"{deed} {what}{link}{lately}"
    how = "at least" if condition.count == "at_least" else "at most"
    return f"{deed} campaigns{link} {how} {condition.times} times{lately}"


def _suppressed(condition: IsSuppressed, names: Names) -> str:
    return f"are suppressed {REASONS[condition.reason]}"


def _segment(condition: InSegment, names: Names) -> str:
    name = names.things.get(condition.segment, "a segment that is gone")
    return f"are {'in' if condition.is_in else 'not in'} the segment {name}"


def _sample(condition: Sample, names: Names) -> str:
    return f"are in a random {condition.percent:g} % of everybody"


def _lately(days: int | None) -> str:
    return f" in the last {days} days" if days else ""


_WORDS: Final[dict[type, Callable[[Any, Names], str]]] = {
    Group: _group,
    DetailIs: _detail,
    FieldIs: _field,
    HasTag: _tag,
    OnList: _list,
    Consented: _consent,
    Did: _did,
    IsSuppressed: _suppressed,
    InSegment: _segment,
    Sample: _sample,
}
