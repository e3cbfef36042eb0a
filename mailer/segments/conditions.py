"""The tree of conditions: what can be asked of a subscriber, and in which form it is kept.

Pure values, checked by pydantic: a tree that is kept or sent to us has nothing in it that
is not named here.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Union, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from mailer.errors import Invalid

#: How deep groups may stand in groups, and how many conditions a tree may have.
DEEPEST: Final = 5
MOST: Final = 50
#: How deep segments may stand in segments.
MOST_INSIDE: Final = 5

_Text = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
_Id = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z]{3}_[0-9a-z]{26}$")]
_Key = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z][a-z0-9_]*$")]
_Days = Annotated[int, Field(ge=1, le=3650)]


class _Node(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Match(StrEnum):
    """How many conditions of a group must hold."""

    ALL = "all"
    ANY = "any"
    NONE = "none"


class Detail(StrEnum):
    """What is known of everybody."""

    EMAIL = "email"
    DOMAIN = "domain"
    NAME = "name"
    LOCALE = "locale"
    TIME_ZONE = "time_zone"
    ADDED = "added"


class Test(StrEnum):
    """How a value is compared."""

    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    BEGINS = "begins"
    LESS = "less"
    MORE = "more"
    BEFORE = "before"
    AFTER = "after"
    IN_LAST = "in_last"
    IN_NEXT = "in_next"
    ANNIVERSARY = "anniversary"
    EMPTY = "empty"
    FILLED = "filled"
    #: Of a field of several choices, with ``values``.
    ANY_OF = "any_of"
    ALL_OF = "all_of"
    NONE_OF = "none_of"


class DetailIs(_Node):
    """A detail that everybody has."""

    type: Literal["detail"] = "detail"
    detail: Detail
    test: Test = Test.IS
    value: _Text = ""


class FieldIs(_Node):
    """A value of one of the workspace's fields."""

    type: Literal["field"] = "field"
    field: _Key
    test: Test = Test.IS
    value: _Text = ""
    #: The choices that are meant, where a field holds several.
    values: Annotated[tuple[_Text, ...], Field(max_length=200)] = ()


class HasTag(_Node):
    """A tag on somebody."""

    type: Literal["tag"] = "tag"
    tag: _Id
    has: bool = True


class Place(StrEnum):
    """How somebody stands to a list."""

    ACTIVE = "active"
    PENDING = "pending"
    UNSUBSCRIBED = "unsubscribed"
    NEVER = "never"
    #: On a day in the past, whatever they are now.
    WAS_ACTIVE = "was_active"


class OnList(_Node):
    """A place on a list, and since when."""

    type: Literal["list"] = "list"
    list: _Id
    place: Place = Place.ACTIVE
    #: It began, or ended, so many days ago at most.
    within_days: _Days | None = None
    #: Of ``was_active``: at the end of which day, in UTC.
    on_day: date | None = None


class Consented(_Node):
    """How somebody agreed."""

    type: Literal["consent"] = "consent"
    via: Literal["signup_page", "confirmation_page", "preference_page", "import", "staff", "api"]
    within_days: _Days | None = None


class Deed(StrEnum):
    """What happened between a mail and somebody."""

    #: Was in the audience, whatever became of the mail.
    CHOSEN = "chosen"
    RECEIVED = "received"
    OPENED = "opened"
    CLICKED = "clicked"
    BOUNCED = "bounced"


class Did(_Node):
    """Mails that somebody received, opened, clicked or that came back, counted."""

    type: Literal["did"] = "did"
    deed: Deed
    #: Never is at most 0 times.
    count: Literal["at_least", "at_most"] = "at_least"
    times: Annotated[int, Field(ge=0, le=10_000)] = 1
    within_days: _Days | None = None
    #: Of one campaign only.
    campaign: _Id | None = None
    #: The link's address holds these words; of clicks only.
    link: _Text = ""


class Happened(_Node):
    """A custom event, and how often."""

    type: Literal["event"] = "event"
    event: Annotated[str, StringConstraints(max_length=60, pattern=r"^([a-z][a-z0-9_.:-]*)?$")] = ""
    count: Literal["at_least", "at_most"] = "at_least"
    times: Annotated[int, Field(ge=0, le=10_000)] = 1
    within_days: _Days | None = None
    #: Only those whose property compares so.
    property: Annotated[str, StringConstraints(max_length=60, pattern=r'^[^\x00"\\]*$')] = ""
    test: Test = Test.IS
    value: _Text = ""


class IsSuppressed(_Node):
    """An address that must not be mailed."""

    type: Literal["suppressed"] = "suppressed"
    reason: Literal["any", "hard_bounce", "complaint", "unsubscribed", "manual", "imported"] = "any"


class InSegment(_Node):
    """Another segment."""

    type: Literal["segment"] = "segment"
    segment: _Id
    is_in: bool = True
    #: At the end of a day in the past, in UTC; of segments that are followed.
    on_day: date | None = None


class Sample(_Node):
    """A share of everybody, chosen by chance once and for all."""

    type: Literal["sample"] = "sample"
    percent: Annotated[float, Field(gt=0, le=100)] = 10


class Group(_Node):
    """Conditions of which all, any or none must hold. An empty one holds of everybody."""

    type: Literal["group"] = "group"
    match: Match = Match.ALL
    conditions: tuple["Condition", ...] = ()


Leaf = DetailIs | FieldIs | HasTag | OnList | Consented | Did | Happened | IsSuppressed | InSegment | Sample
Condition = Annotated[Union[Leaf, "Group"], Field(discriminator="type")]
Group.model_rebuild()
#: Every kind of leaf by its word.
LEAVES: Final[dict[str, type[Leaf]]] = {kind.model_fields["type"].default: kind for kind in get_args(Leaf)}


def read_tree(given: Any) -> Group:
    """Return the tree in a JSON object.

    :raises Invalid: something in it is none of the conditions, with its place
    """
    if _depth(given) > DEEPEST + 1:
        raise Invalid(f"Groups stand in groups {DEEPEST} deep at most.")
    try:
        tree = Group.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"This condition cannot be used: {place}: {first['msg']}.") from None
    if sum(1 for _ in leaves(tree)) > MOST:
        raise Invalid(f"A segment has {MOST} conditions at most; make one of a part of them.")
    return tree


def leaves(group: Group) -> list[Leaf]:
    """Return the conditions of a tree that are no groups."""
    found: list[Leaf] = []
    for condition in group.conditions:
        found += leaves(condition) if isinstance(condition, Group) else [condition]
    return found


def _depth(given: Any) -> int:
    """Return how deep a JSON object is; as far as it matters, so that none is too deep for us."""
    depth, level = 0, [given]
    while level and depth <= DEEPEST + 1:
        depth += 1
        level = [
            inner
            for each in level
            if isinstance(each, dict) and isinstance(each.get("conditions"), list | tuple)
            for inner in each["conditions"]
            if isinstance(inner, dict)
        ]
    return depth
