"""Merging two subscribers: who the other is, what of both is right, and the deed."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.audience.merge import differences, merge_subscribers
from mailer.audience.models import Subscriber
from mailer.audience.queries.subscribers import subscriber_by_email, subscriber_by_id
from mailer.audience.timeline import events_of
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.clock import utcnow
from mailer.lib.lines import clean_search
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("merges", __name__)


@bp.get("/subscribers/<subscriber_id>/merge")
@requires(Role.EDITOR)
def new(subscriber_id: str) -> ResponseReturnValue:
    """Ask who the other is; show both side by side as soon as that is known."""
    subscriber = subscriber_by_id(g.workspace.id, subscriber_id)
    email = clean_search(request.args.get("email", ""))
    other = subscriber_by_email(g.workspace.id, email) if email else None
    if other is None or other.id == subscriber.id:
        missing = "Nobody has this address." if other is None else "This is the subscriber that you look at."
        return render_template(
            "audience/subscribers/merge_with.html",
            subscriber=subscriber,
            email=email,
            error=missing if email else "",
        ), (422 if email else 200)
    people = [subscriber, other]
    return render_template(
        "audience/subscribers/merge.html",
        people=people,
        differences=differences(subscriber, other),
        events={person.id: len(events_of(person)) for person in people},
    )


@bp.post("/subscribers/<subscriber_id>/merge")
@requires(Role.EDITOR)
def create(subscriber_id: str) -> ResponseReturnValue:
    """Merge the two."""
    people = {
        public_id: subscriber_by_id(g.workspace.id, public_id)
        for public_id in (subscriber_id, request.form.get("other", ""))
    }
    kept = people.pop(request.form.get("kept", ""), None)
    if kept is None or len(people) != 1:
        raise Invalid("Choose who of the two stays.")
    (gone,) = people.values()
    former = gone.email
    merge_subscribers(kept, gone, taken=_taken(kept, gone), actor_id=current_user.id, now=utcnow())
    db.session.commit()
    flash(f"{former} was merged into {kept.email}.", "success")
    return redirect(url_for("audience.subscribers.show", subscriber_id=kept.public_id))


def _taken(kept: Subscriber, gone: Subscriber) -> list[str]:
    """Return the details of which the value of who goes was chosen."""
    return [
        each.key
        for each in differences(kept, gone)
        if request.form.get(f"right.{each.key}") == gone.public_id
    ]
