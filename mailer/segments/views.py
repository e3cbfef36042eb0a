"""Segments: built with a live count, looked at, and asked why somebody is in them or not."""

from dataclasses import dataclass
from typing import Any, Final

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.audience.models import FieldType, Subscriber
from mailer.audience.queries.fields_and_tags import fields_of, tags_of
from mailer.audience.queries.lists import current_lists
from mailer.audience.queries.subscribers import subscriber_by_email
from mailer.db import db
from mailer.errors import Invalid, MailerError
from mailer.events.queries import event_names
from mailer.lib.clock import utcnow
from mailer.lib.lines import clean_search
from mailer.segments import members, membership, queries
from mailer.segments.asked import Names
from mailer.segments.conditions import Condition, Detail, Group, Test, read_tree
from mailer.segments.enter_tags import enter_tags, set_enter_tags
from mailer.segments.follow import follow, unfollow
from mailer.segments.forms import is_being_built, tree_in
from mailer.segments.kinds.compare import TESTS
from mailer.segments.kinds.consents import CHANNELS
from mailer.segments.kinds.deeds import DEEDS
from mailer.segments.kinds.details import DETAILS
from mailer.segments.kinds.lists import PLACES
from mailer.segments.kinds.suppressions import REASONS
from mailer.segments.models import Segment
from mailer.segments.save import create_segment, delete_segment, update_segment
from mailer.segments.starters import STARTERS, Starter
from mailer.segments.words import people_told, told
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.pages import page_of

bp = workspace_blueprint("segments", __name__)

_SAMPLED: Final = 5
_SHOWN_CHANGES: Final = 20
KINDS: Final = {
    "detail": "Address, name, language, time zone, arrival",
    "field": "A field of yours",
    "tag": "A tag",
    "list": "A list",
    "did": "What they received, opened or clicked",
    "event": "An event of your programs",
    "consent": "How they agreed",
    "suppressed": "Suppression",
    "segment": "Another segment",
    "sample": "A random sample",
    "group": "A group of conditions",
}
_TEXT_TESTS: Final = (Test.IS, Test.IS_NOT, Test.CONTAINS, Test.BEGINS, Test.EMPTY, Test.FILLED)
_TESTS_OF_PROPERTY: Final = (Test.IS, Test.IS_NOT, Test.CONTAINS, Test.LESS, Test.MORE)
_TESTS_OF: Final = {
    FieldType.TEXT: _TEXT_TESTS,
    FieldType.URL: _TEXT_TESTS,
    FieldType.CHOICE: (Test.IS, Test.IS_NOT, Test.EMPTY, Test.FILLED),
    FieldType.CHOICES: (Test.ANY_OF, Test.ALL_OF, Test.NONE_OF, Test.EMPTY, Test.FILLED),
    FieldType.BOOLEAN: (Test.IS, Test.EMPTY, Test.FILLED),
    FieldType.NUMBER: (Test.IS, Test.IS_NOT, Test.LESS, Test.MORE, Test.EMPTY, Test.FILLED),
    FieldType.DATE: (
        *(Test.IS, Test.BEFORE, Test.AFTER, Test.IN_LAST, Test.IN_NEXT, Test.ANNIVERSARY),
        *(Test.EMPTY, Test.FILLED),
    ),
}
_TESTS_OF_DETAIL: Final = {
    Detail.ADDED: (Test.IS, Test.BEFORE, Test.AFTER, Test.IN_LAST),
    Detail.DOMAIN: (Test.IS, Test.IS_NOT),
}


@dataclass(frozen=True)
class Answer:
    """What is said about a condition and one person."""

    words: str
    holds: bool
    depth: int


@bp.get("/segments")
def index() -> str:
    """List the segments."""
    page = page_of(queries.segments_of(g.workspace.id), Segment)
    names = Names.of(g.workspace.id)
    words = {row.id: people_told(row.tree, names) for row in page.rows}
    return render_template("segments/index.html", page=page, words=words, starters=STARTERS)


@bp.get("/segments/new")
@requires(Role.EDITOR)
def new() -> str:
    """Begin a segment: with nothing, or with the conditions of a starter."""
    starter = STARTERS.get(request.args.get("starter", ""), Starter("", "", ()))
    return render_template(
        "segments/edit.html", name=starter.name, starters=STARTERS, **_builder(starter.tree, None)
    )


@bp.post("/segments/preview")
@requires(Role.EDITOR)
def preview() -> str:
    """Answer the builder after a change: its conditions, how many meet them, and some of them."""
    segment = _segment(request.form["segment"]) if request.form.get("segment") else None
    return render_template("segments/builder.html", **_builder(tree_in(request.form), segment))


@bp.post("/segments")
@requires(Role.EDITOR)
def create() -> ResponseReturnValue:
    """Make a segment."""
    return _saved(None)


@bp.get("/segments/<segment_id>")
def show(segment_id: str) -> str:
    """Show who is in a segment."""
    segment = _segment(segment_id)
    tree, problem = segment.tree, ""
    page, answers, asked_of = None, [], clean_search(request.args.get("who", ""))
    try:
        people = members.people_in(g.workspace.id, tree, now=utcnow(), inside=(segment.id,))
        count = members.count_of(g.workspace.id, tree, now=utcnow(), inside=(segment.id,))
        page = page_of(people, Subscriber)
        answers = _answers(tree, asked_of) if asked_of else []
    except Invalid as error:
        count, problem = 0, error.message
    return render_template(
        "segments/show.html",
        segment=segment,
        words=people_told(tree, Names.of(g.workspace.id)),
        count=count,
        page=page,
        problem=problem,
        asked_of=asked_of,
        answers=answers,
        enter_tags=enter_tags(segment),
        known_tags=tags_of(g.workspace.id),
        changes=membership.latest_changes(segment, limit=_SHOWN_CHANGES) if segment.followed_at else [],
    )


@bp.get("/segments/<segment_id>/edit")
@requires(Role.EDITOR)
def edit(segment_id: str) -> str:
    """Change a segment."""
    segment = _segment(segment_id)
    builder = _builder(segment.conditions, segment)
    return render_template("segments/edit.html", name=segment.name, **builder)


@bp.post("/segments/<segment_id>")
@requires(Role.EDITOR)
def update(segment_id: str) -> ResponseReturnValue:
    """Save a segment."""
    return _saved(_segment(segment_id))


@bp.post("/segments/<segment_id>/follow")
@requires(Role.EDITOR)
def begin_following(segment_id: str) -> ResponseReturnValue:
    """Write down from now on who enters a segment and who leaves it."""
    follow(_segment(segment_id), now=utcnow())
    db.session.commit()
    flash("Followed: who enters and who leaves is written down from now on.", "success")
    return redirect(url_for(".show", segment_id=segment_id))


@bp.post("/segments/<segment_id>/enter-tags")
@requires(Role.EDITOR)
def tag_on_entering(segment_id: str) -> ResponseReturnValue:
    """Choose the tags that whoever enters gets; follow the segment for it."""
    segment = _segment(segment_id)
    set_enter_tags(segment, request.form.get("tags", "").split(","))
    follow(segment, now=utcnow())
    db.session.commit()
    flash("Saved: whoever enters from now on is tagged so.", "success")
    return redirect(url_for(".show", segment_id=segment_id))


@bp.post("/segments/<segment_id>/unfollow")
@requires(Role.EDITOR)
def end_following(segment_id: str) -> ResponseReturnValue:
    """Follow a segment no more."""
    unfollow(_segment(segment_id))
    db.session.commit()
    flash("No longer followed; who entered and left is forgotten.", "success")
    return redirect(url_for(".show", segment_id=segment_id))


@bp.post("/segments/<segment_id>/delete")
@requires(Role.EDITOR)
def delete(segment_id: str) -> ResponseReturnValue:
    """Delete a segment."""
    segment = _segment(segment_id)
    name = segment.name
    delete_segment(segment)
    db.session.commit()
    flash(f"“{name}” is deleted; nobody in it was touched.", "success")
    return redirect(url_for(".index"))


def _saved(segment: Segment | None) -> ResponseReturnValue:
    name, tree = request.form.get("name", ""), tree_in(request.form)
    problem: MailerError | None = None
    if not is_being_built(request.form):
        try:
            if segment is None:
                segment = create_segment(g.workspace.id, name, tree, now=utcnow(), actor_id=current_user.id)
            else:
                update_segment(segment, name=name, conditions=tree, now=utcnow())
            db.session.commit()
            return redirect(url_for(".show", segment_id=segment.public_id))
        except MailerError as error:
            db.session.rollback()
            problem = error
    kept = _segment(request.form["segment"]) if request.form.get("segment") else None
    page = render_template("segments/edit.html", name=name, saving=problem, **_builder(tree, kept))
    return page, 422 if problem else 200


def _builder(tree: dict[str, Any], segment: Segment | None) -> dict[str, Any]:
    """Return what the builder shows: the tree as it is, and what it comes to."""
    workspace_id = g.workspace.id
    inside = (segment.id,) if segment else ()
    fields, names = fields_of(workspace_id), Names.of(workspace_id)
    shown: dict[str, Any] = {
        "tree": tree,
        "segment": segment,
        "kinds": KINDS,
        "fields": fields,
        "tests": {
            field.key: [(test.value, TESTS[test]) for test in _TESTS_OF[field.type]] for field in fields
        },
        "detail_tests": {
            detail.value: [(test.value, TESTS[test]) for test in _TESTS_OF_DETAIL.get(detail, _TEXT_TESTS)]
            for detail in Detail
        },
        "details": [(detail.value, words) for detail, words in DETAILS.items()],
        "lists": current_lists(workspace_id),
        "tags": tags_of(workspace_id),
        "segments": [row for row in queries.segments_by_name(workspace_id) if row.id not in inside],
        "places": [(place.value, words) for place, words in PLACES.items()],
        "deeds": [(deed.value, words) for deed, words in DEEDS.items()],
        "campaigns": list(names.campaigns.items()),
        "events": event_names(workspace_id),
        "property_tests": [(test.value, TESTS[test]) for test in _TESTS_OF_PROPERTY],
        "channels": list(CHANNELS.items()),
        "reasons": list(REASONS.items()),
        "count": None,
        "sample": [],
        "words": "",
        "problem": "",
    }
    try:
        checked = read_tree(_without_unfinished(tree))
        people = members.people_in(workspace_id, checked, now=utcnow(), inside=inside)
        shown["count"] = members.count_of(workspace_id, checked, now=utcnow(), inside=inside)
        shown["sample"] = db.session.scalars(people.order_by(Subscriber.id.desc()).limit(_SAMPLED)).all()
        shown["words"] = people_told(checked, names)
    except Invalid as error:
        shown["problem"] = error.message
    return shown


def _without_unfinished(tree: dict[str, Any]) -> dict[str, Any]:
    """Return a tree without the conditions in which nothing is chosen yet."""
    kept = []
    for node in tree.get("conditions", ()):
        if node.get("type") == "group":
            kept.append(_without_unfinished(node))
        elif all(node.get(part) != "" for part in ("field", "tag", "list", "segment", "event")):
            is_compared = node.get("test") not in {None, "empty", "filled"}
            if not (is_compared and "value" in node and node["value"] == ""):
                kept.append(node)
    return {**tree, "conditions": kept}


def _answers(tree: Group, email: str) -> list[Answer]:
    person = subscriber_by_email(g.workspace.id, email)
    if person is None:
        raise Invalid(f"Nobody here has the address {email[:80]}.")
    flat = list(_flat(tree, 0))
    names = Names.of(g.workspace.id)
    verdicts = members.verdicts(person, [node for node, _ in flat], now=utcnow())
    return [
        Answer(_heading(node) if isinstance(node, Group) else told(node, names), holds, depth)
        for (node, depth), holds in zip(flat, verdicts, strict=True)
    ]


def _flat(node: Condition, depth: int) -> list[tuple[Condition, int]]:
    inner = node.conditions if isinstance(node, Group) else ()
    return [(node, depth), *(pair for each in inner for pair in _flat(each, depth + 1))]


def _heading(group: Group) -> str:
    return {"all": "all of these hold", "any": "any of these holds", "none": "none of these holds"}[
        group.match
    ]


def _segment(segment_id: str) -> Segment:
    return queries.segment_by_id(g.workspace.id, segment_id)
