"""Segments for programs: made, changed, counted before they are saved."""

from collections.abc import Sequence
from typing import Any, Literal

from flask import g
from pydantic import AwareDatetime, Field
from sqlalchemy.exc import IntegrityError

from mailer.api.guards import allows, api_blueprint
from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Given, Line, Shown, changes_of, given, list_of
from mailer.audience.models import Subscriber
from mailer.audience.representation import SubscriberShown, shown_subscribers
from mailer.db import db
from mailer.errors import Conflict
from mailer.lib.clock import utcnow
from mailer.segments import members, queries
from mailer.segments.asked import Names
from mailer.segments.conditions import Group, read_tree
from mailer.segments.enter_tags import enter_tag_names, set_enter_tags
from mailer.segments.follow import follow, unfollow
from mailer.segments.models import Segment
from mailer.segments.save import create_segment, delete_segment, update_segment
from mailer.segments.words import people_told

bp = api_blueprint("segments_api", __name__, tag="Segments")

_SAMPLED = 10


class SegmentShown(Shown):
    """A segment."""

    object: Literal["segment"] = "segment"
    id: str
    name: str
    conditions: Group
    words: str = Field(description="The conditions in plain words.")
    followed_at: AwareDatetime | None = Field(
        description="Since when it is noted who enters and who leaves; null: it is not."
    )
    enter_tags: list[str] = Field(description="Tags that whoever enters gets while it is followed, by name.")
    count: int | None = Field(description="How many were in it when it was last counted.")
    counted_at: AwareDatetime | None
    created_at: AwareDatetime


SegmentPage = list_of(SegmentShown, "SegmentPage")
SegmentMembers = list_of(SubscriberShown, "SegmentMembers")


class NewSegment(Given):
    """A segment to be saved."""

    name: Line = Field(min_length=1, max_length=120, examples=["Regulars in Porto"])
    conditions: dict[str, Any] = Field(
        description="A tree of conditions, beginning with a group.",
        examples=[
            {
                "type": "group",
                "match": "all",
                "conditions": [{"type": "did", "deed": "opened", "within_days": 90}],
            }
        ],
    )
    enter_tags: list[Line] = Field(
        default=[],
        max_length=20,
        description="Tags that whoever enters from now on gets; a segment with some is followed.",
    )


SegmentChanges = changes_of(NewSegment, "SegmentChanges")


class ConditionsToTry(Given):
    """Conditions that are to be tried."""

    conditions: dict[str, Any] = Field(description="A tree of conditions, beginning with a group.")


class PreviewShown(Shown):
    """What conditions come to."""

    object: Literal["segment_preview"] = "segment_preview"
    count: int
    words: str
    sample: list[SubscriberShown]


@bp.get("/segments")
@bp.input(PageQuery, location="query")
@bp.output(SegmentPage)
def index_segments(query_data: PageQuery) -> dict[str, Any]:
    """Read the segments, newest first."""
    names = Names.of(g.workspace.id)
    return page(
        queries.segments_of(g.workspace.id),
        Segment,
        query_data,
        lambda rows: _all_shown(rows, names),
    )


@bp.post("/segments", endpoint="create_segment")
@idempotent
@bp.input(NewSegment)
@bp.output(SegmentShown, status_code=201)
def post_segment(json_data: NewSegment) -> SegmentShown:
    """Make a segment."""
    try:
        made = create_segment(g.workspace.id, json_data.name, json_data.conditions, now=utcnow())
        _tag_on_entering(made, json_data.enter_tags)
    except IntegrityError:
        raise Conflict(f"There is already a segment named “{json_data.name}”.") from None
    return _shown(made, Names.of(g.workspace.id))


@bp.post("/segments/preview", endpoint="preview_segment")
@allows("segments:read")
@idempotent
@bp.input(ConditionsToTry)
@bp.output(PreviewShown)
def preview_segment(json_data: ConditionsToTry) -> PreviewShown:
    """Count who meets conditions, and show some of them; nothing is saved."""
    tree, now = read_tree(json_data.conditions), utcnow()
    people = members.people_in(g.workspace.id, tree, now=now)
    sample = db.session.scalars(people.order_by(Subscriber.id.desc()).limit(_SAMPLED)).all()
    return PreviewShown(
        count=members.count_of(g.workspace.id, tree, now=now),
        words=people_told(tree, Names.of(g.workspace.id)),
        sample=shown_subscribers(sample),
    )


@bp.get("/segments/<segment_id>")
@bp.output(SegmentShown)
def show_segment(segment_id: str) -> SegmentShown:
    """Read one segment, counted now."""
    segment = queries.segment_by_id(g.workspace.id, segment_id)
    shown = _shown(segment, Names.of(g.workspace.id))
    now = utcnow()
    count = members.count_of(g.workspace.id, segment.tree, now=now, inside=(segment.id,))
    return shown.model_copy(update={"count": count, "counted_at": now})


@bp.patch("/segments/<segment_id>", endpoint="update_segment")
@bp.input(SegmentChanges)
@bp.output(SegmentShown)
def patch_segment(segment_id: str, json_data: Given) -> SegmentShown:
    """Change a segment's name, what it asks, or the tags of those who enter."""
    segment, changes = queries.segment_by_id(g.workspace.id, segment_id), given(json_data)
    update_segment(
        segment,
        name=changes.get("name", segment.name),
        conditions=changes.get("conditions", segment.conditions),
        now=utcnow(),
    )
    if "enter_tags" in changes:
        _tag_on_entering(segment, changes["enter_tags"])
    db.session.commit()
    return _shown(segment, Names.of(g.workspace.id))


@bp.delete("/segments/<segment_id>", endpoint="delete_segment")
@bp.output({}, status_code=204)
def remove_segment(segment_id: str) -> str:
    """Delete a segment; nobody in it is touched."""
    delete_segment(queries.segment_by_id(g.workspace.id, segment_id))
    db.session.commit()
    return ""


@bp.post("/segments/<segment_id>/follow", endpoint="follow_segment")
@idempotent
@bp.output(SegmentShown)
def begin_following(segment_id: str) -> SegmentShown:
    """Note from now on who enters a segment and who leaves it."""
    segment = queries.segment_by_id(g.workspace.id, segment_id)
    follow(segment, now=utcnow())
    return _shown(segment, Names.of(g.workspace.id))


@bp.post("/segments/<segment_id>/unfollow", endpoint="unfollow_segment")
@idempotent
@bp.output(SegmentShown)
def end_following(segment_id: str) -> SegmentShown:
    """Follow a segment no more, and forget who entered and left."""
    segment = queries.segment_by_id(g.workspace.id, segment_id)
    unfollow(segment)
    return _shown(segment, Names.of(g.workspace.id))


@bp.get("/segments/<segment_id>/subscribers", endpoint="index_segment_members")
@bp.input(PageQuery, location="query")
@bp.output(SegmentMembers)
def index_members(segment_id: str, query_data: PageQuery) -> dict[str, Any]:
    """Read who is in a segment, newest first."""
    segment = queries.segment_by_id(g.workspace.id, segment_id)
    people = members.people_in(g.workspace.id, segment.tree, now=utcnow(), inside=(segment.id,))
    return page(people, Subscriber, query_data, shown_subscribers)


def _tag_on_entering(segment: Segment, tags: list[str]) -> None:
    set_enter_tags(segment, tags)
    if tags:
        follow(segment, now=utcnow())


def _shown(segment: Segment, names: Names) -> SegmentShown:
    (shown,) = _all_shown([segment], names)
    return shown


def _all_shown(segments: Sequence[Segment], names: Names) -> list[SegmentShown]:
    tags = enter_tag_names(segment.id for segment in segments)
    return [
        SegmentShown.of(
            segment,
            conditions=segment.tree,
            words=people_told(segment.tree, names),
            enter_tags=tags.get(segment.id, []),
            count=segment.last_count,
        )
        for segment in segments
    ]
