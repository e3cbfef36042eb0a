"""Subscribers: found, looked at, edited, tagged, erased."""

from collections.abc import Sequence
from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import selectinload

from mailer.accounts.roles import Role
from mailer.audience.erase import erase_subscribers
from mailer.audience.external_ids import set_external_id
from mailer.audience.forms import EditForm, subscriber_form
from mailer.audience.models import MailingList, Subscriber, Subscription, SubscriptionStatus
from mailer.audience.notes import notes_on
from mailer.audience.queries.fields_and_tags import fields_of, tags_of
from mailer.audience.queries.growth import audience_size
from mailer.audience.queries.lists import counts_of, current_lists, list_by_id
from mailer.audience.queries.narrowed import (
    MOST_FOUND,
    SubscriberFilter,
    count_up_to,
    order_of,
    select_subscribers,
)
from mailer.audience.queries.subscribers import owned_ids, subscriber_by_id
from mailer.audience.subscribers import change_address, edit_subscriber
from mailer.audience.tags import set_tags, tag_by_id, tag_subscribers, untag_subscribers
from mailer.audience.timeline import events_of
from mailer.db import db
from mailer.errors import Invalid, NotFound
from mailer.lib.choices import choice_of
from mailer.lib.clock import utcnow
from mailer.lib.ids import parse_id
from mailer.lib.lines import clean_search
from mailer.web.answers import refusal_shown
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.pages import page_of

bp = workspace_blueprint("subscribers", __name__)

#: Beyond this many, a filtered list says “10,000+” instead of counting on.
_COUNTED_TO = 10_000
_MOST_CHOSEN = 1_000


@bp.get("/subscribers")
def index() -> str:
    """List subscribers, narrowed as asked."""
    by, lists = _filter(), current_lists(g.workspace.id)
    query = select_subscribers(g.workspace.id, by)
    with_tags = query.options(
        selectinload(Subscriber.tags), selectinload(Subscriber.subscriptions).joinedload(Subscription.list)
    )
    return render_template(
        "audience/subscribers/index.html",
        page=page_of(with_tags, Subscriber, key=order_of(by)),
        q=by.search,
        by=by,
        note=_size(by, lists),
        lists=lists,
        tags=tags_of(g.workspace.id),
        statuses=list(SubscriptionStatus),
        is_empty=not by.is_narrowed and audience_size(g.workspace.id) == 0,
    )


@bp.get("/subscribers/<subscriber_id>")
def show(subscriber_id: str) -> str:
    """Show what we know of a subscriber, and everything that happened."""
    subscriber = _subscriber(subscriber_id)
    events = events_of(subscriber)
    places = {place.list_id: place for place in subscriber.subscriptions}
    lists = current_lists(g.workspace.id)
    return render_template(
        "audience/subscribers/show.html",
        subscriber=subscriber,
        fields=fields_of(g.workspace.id),
        places=[place for place in places.values() if place.list.archived_at is None],
        other_lists=[row for row in lists if row.id not in places],
        standing=[event for event in events if event.is_standing],
        events=events,
        notes=notes_on(subscriber),
        now=utcnow(),
    )


@bp.get("/subscribers/<subscriber_id>/edit")
@requires(Role.EDITOR)
def edit(subscriber_id: str) -> str:
    """Ask what should change."""
    subscriber = _subscriber(subscriber_id)
    return _form_page(subscriber, _form_of(subscriber))


@bp.post("/subscribers/<subscriber_id>")
@requires(Role.EDITOR)
def update(subscriber_id: str) -> ResponseReturnValue:
    """Change what we know of a subscriber."""
    subscriber = _subscriber(subscriber_id)
    form = _form_of(subscriber)
    if form.validate():
        with refusal_shown(form):
            change_address(subscriber, form.email.data or "", actor_id=current_user.id)
            set_external_id(subscriber, form.external_id.data)
            edit_subscriber(subscriber, **form.details())
            set_tags(subscriber, form.tag_names())
            db.session.commit()
            flash("Saved.", "success")
            return redirect(url_for(".show", subscriber_id=subscriber_id))
    return _form_page(_subscriber(subscriber_id), form), 422


@bp.post("/subscribers/tag")
@requires(Role.EDITOR)
def tag() -> ResponseReturnValue:
    """Put tags on the chosen subscribers."""
    names = [name for name in request.form.get("tag", "").split(",") if name.strip()]
    if not names:
        raise Invalid("Write the tag first.")
    chosen = _chosen()
    tag_subscribers(g.workspace.id, chosen, names)
    db.session.commit()
    flash(f"{_people(len(chosen))} tagged “{', '.join(name.strip() for name in names)}”.", "success")
    return redirect(_back())


@bp.post("/subscribers/untag")
@requires(Role.EDITOR)
def untag() -> ResponseReturnValue:
    """Take a tag off the chosen subscribers."""
    chosen, taken = _chosen(), tag_by_id(g.workspace.id, request.form.get("tag_id", ""))
    untag_subscribers(g.workspace.id, chosen, taken)
    db.session.commit()
    flash(f"“{taken.name}” taken off {_people(len(chosen))}.", "success")
    return redirect(_back())


@bp.post("/subscribers/erase")
@requires(Role.EDITOR)
def erase() -> ResponseReturnValue:
    """Erase the chosen subscribers, once it was asked whether they are meant."""
    chosen = _chosen()
    if not request.form.get("confirmed"):
        people = db.session.scalars(
            select_subscribers(g.workspace.id, SubscriberFilter()).where(Subscriber.id.in_(chosen))
        ).all()
        return render_template("audience/subscribers/erase.html", people=people, back=_back())
    count = erase_subscribers(g.workspace.id, chosen, now=utcnow())
    db.session.commit()
    flash(f"{_people(count)} erased.", "success")
    return redirect(_back())


def _filter() -> SubscriberFilter:
    """Read what the list is narrowed to; what is misspelt or gone must not mean everybody."""
    list_id, tag_id = request.args.get("list", ""), request.args.get("tag", "")
    try:
        return SubscriberFilter(
            search=clean_search(request.args.get("q", "")),
            list_id=list_by_id(g.workspace.id, list_id).id if list_id else None,
            status=choice_of(SubscriptionStatus, request.args.get("status", ""), label="The status"),
            tag_id=tag_by_id(g.workspace.id, tag_id).id if tag_id else None,
        )
    except NotFound as gone:
        # The page itself is there, and offers to be shown without the filter.
        raise Invalid(gone.message) from None


def _size(by: SubscriberFilter, lists: Sequence[MailingList]) -> str:
    """Say how many there are, without counting where a sum is kept."""
    if not by.is_narrowed:
        return _people(audience_size(g.workspace.id))
    named = next((row for row in lists if by == SubscriberFilter(list_id=row.id, status=by.status)), None)
    if named is not None:
        counts = counts_of([named])[named.id]
        return _people(counts.of(by.status))
    most = MOST_FOUND if by == SubscriberFilter(search=by.search) else _COUNTED_TO
    count = count_up_to(select_subscribers(g.workspace.id, by), most)
    return f"{most:,}+ subscribers" if count == most else _people(count)


def _people(count: int) -> str:
    return f"{count:,} subscriber{'' if count == 1 else 's'}"


def _subscriber(subscriber_id: str) -> Subscriber:
    return subscriber_by_id(g.workspace.id, subscriber_id)


def _chosen() -> list[UUID]:
    ids = [parse_id("sub", value) for value in request.form.getlist("ids")[:_MOST_CHOSEN]]
    chosen = owned_ids(g.workspace.id, [value for value in ids if value])
    if not chosen:
        raise Invalid("Choose at least one subscriber first.")
    return chosen


def _back() -> str:
    """Return the list that was looked at, with its search and filters."""
    query = request.form.get("back", "").lstrip("?")
    return url_for(".index") + (f"?{query}" if query else "")


def _form_of(subscriber: Subscriber) -> EditForm:
    form = subscriber_form(fields_of(g.workspace.id), subscriber, base=EditForm)
    assert isinstance(form, EditForm)
    return form


def _form_page(subscriber: Subscriber, form: EditForm) -> str:
    return render_template("audience/subscribers/form.html", form=form, subscriber=subscriber)
