"""Putting people on lists by hand, and taking them off, with the proof of both."""

from collections.abc import Iterable
from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from mailer.accounts.roles import Role
from mailer.audience.forms import subscriber_form
from mailer.audience.models import MailingList, Subscriber, Subscription
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.audience.queries.lists import current_lists, list_by_id, lists_by_ids
from mailer.audience.queries.subscribers import subscriber_by_id
from mailer.audience.subscribers import save_subscriber
from mailer.consent.forms import AddForm, evidence_of_request
from mailer.consent.models import Channel, Evidence
from mailer.consent.subscribe import subscribe
from mailer.consent.unsubscribe import unsubscribe, unsubscribe_many
from mailer.db import db
from mailer.errors import Invalid, NotFound
from mailer.lib.clock import utcnow
from mailer.lib.ids import parse_id
from mailer.web.answers import refusal_shown
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("subscriptions", __name__)

_MOST_CHOSEN = 1_000


@bp.get("/subscribers/new")
@requires(Role.EDITOR)
def new() -> str:
    """Ask who is to be added, to which lists, and on what basis."""
    form = subscriber_form(fields_of(g.workspace.id), base=AddForm)
    return _form_page(form, request.args.getlist("list"))


@bp.post("/subscribers")
@requires(Role.EDITOR)
def create() -> ResponseReturnValue:
    """Add someone by hand."""
    form = subscriber_form(fields_of(g.workspace.id), base=AddForm)
    assert isinstance(form, AddForm)
    list_ids = request.form.getlist("lists")
    if form.validate():
        with refusal_shown(form):
            lists = lists_by_ids(g.workspace.id, list_ids)
            details = form.details()
            details["fields"] = {key: value for key, value in details["fields"].items() if value}
            subscriber, is_new = save_subscriber(
                g.workspace.id,
                form.email.data or "",
                tags=form.tag_names(),
                **{key: value for key, value in details.items() if value},
            )
            _subscribe(subscriber, lists, basis=form.basis.data or "", is_agreed=form.is_agreed())
            db.session.commit()
            flash(
                "Added." if is_new else "This address was here already; it is brought up to date.", "success"
            )
            return redirect(url_for("audience.subscribers.show", subscriber_id=subscriber.public_id))
    return _form_page(form, list_ids), 422


@bp.post("/subscribers/<subscriber_id>/subscriptions")
@requires(Role.EDITOR)
def subscribe_one(subscriber_id: str) -> ResponseReturnValue:
    """Put a subscriber on a list."""
    subscriber = subscriber_by_id(g.workspace.id, subscriber_id)
    mailing_list = list_by_id(g.workspace.id, request.form.get("list_id", ""))
    basis = request.form.get("basis", "")
    _subscribe(subscriber, [mailing_list], basis=basis, is_agreed=bool(basis.strip()))
    db.session.commit()
    flash(
        f"Put on “{mailing_list.name}”." if basis.strip() else "A confirmation mail is on its way.", "success"
    )
    return redirect(url_for("audience.subscribers.show", subscriber_id=subscriber_id))


@bp.post("/subscribers/<subscriber_id>/subscriptions/<subscription_id>/unsubscribe")
@requires(Role.EDITOR)
def unsubscribe_one(subscriber_id: str, subscription_id: str) -> ResponseReturnValue:
    """Take a subscriber off a list, at their request."""
    subscriber = subscriber_by_id(g.workspace.id, subscriber_id)
    place = db.session.scalar(
        select(Subscription).where(
            Subscription.subscriber_id == subscriber.id, Subscription.id == parse_id("scn", subscription_id)
        )
    )
    if place is None:
        raise NotFound("There is no such subscription.")
    unsubscribe(place, evidence=_by_staff("Unsubscribed at their request"), now=utcnow())
    db.session.commit()
    flash(f"Taken off “{place.list.name}”. Only they can come back by themselves.", "success")
    return redirect(url_for("audience.subscribers.show", subscriber_id=subscriber_id))


@bp.post("/subscribers/unsubscribe")
@requires(Role.EDITOR)
def unsubscribe_chosen() -> ResponseReturnValue:
    """Take the chosen subscribers off a list, or off all, once it was asked whether that is meant."""
    ids = [parse_id("sub", value) for value in request.form.getlist("ids")[:_MOST_CHOSEN]]
    people = db.session.scalars(
        select(Subscriber).where(
            Subscriber.workspace_id == g.workspace.id, Subscriber.id.in_([value for value in ids if value])
        )
    ).all()
    if not people:
        raise Invalid("Choose at least one subscriber first.")
    back = request.form.get("back", "")
    if not request.form.get("confirmed"):
        return render_template(
            "consent/unsubscribe_chosen.html",
            people=people,
            lists=current_lists(g.workspace.id),
            back=back,
        )
    count = unsubscribe_many(people, _named_list(), evidence=_by_staff("Unsubscribed by staff"), now=utcnow())
    db.session.commit()
    flash(f"{count:,} unsubscribed.", "success")
    query = back.lstrip("?")
    return redirect(url_for("audience.subscribers.index") + (f"?{query}" if query else ""))


def _named_list() -> UUID | None:
    named = request.form.get("list_id", "")
    return list_by_id(g.workspace.id, named).id if named else None


def _subscribe(subscriber: Subscriber, lists: Iterable[MailingList], *, basis: str, is_agreed: bool) -> None:
    if is_agreed and len(basis.strip()) < 10:
        sentence = "Say in a sentence when and how they agreed; it is kept as the proof."
        raise Invalid(sentence, fields={"basis": sentence})
    words = " ".join(basis.split()) if is_agreed else "Added by staff, who asked for a confirmation"
    for mailing_list in lists:
        subscribe(subscriber, mailing_list, evidence=_by_staff(words), now=utcnow(), is_confirmed=is_agreed)


def _by_staff(words: str) -> Evidence:
    return evidence_of_request(Channel.STAFF, words=words, actor_id=current_user.id)


def _form_page(form: AddForm, list_ids: list[str]) -> str:
    return render_template(
        "consent/add_subscriber.html",
        form=form,
        lists=current_lists(g.workspace.id),
        list_ids=list_ids,
    )
