"""What the pages behind a mail's links share: whose link it is, and that nobody else keeps it."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template

from mailer.accounts.models import Workspace
from mailer.audience.models import Subscriber
from mailer.audience.queries.subscribers import subscriber_behind
from mailer.consent import preferences
from mailer.consent.forms import DetailsForm, details_form
from mailer.current import links
from mailer.db import db
from mailer.errors import NotFound
from mailer.web.languages import language, speak
from mailer.web.languages import translated as _

bp = Blueprint("consent", __name__)


@bp.after_request
def keep_private(response: Response) -> Response:
    """Keep the link out of caches and of other sites' logs."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def broken_link() -> NotFound:
    """Return what is raised for a token that is none of ours, in the language of the browser."""
    speak()
    return NotFound(_("This link is not complete; copy the whole of it from the mail."))


def subscriber_by(subscriber_id: UUID) -> Subscriber | None:
    """Return a subscriber, unless they were erased, and let the page speak their language."""
    subscriber = subscriber_behind(subscriber_id)
    speak(subscriber.locale if subscriber else "")
    return subscriber


def subscriber_of(token: str) -> Subscriber:
    """Return whose preference page a token opens.

    :raises NotFound: it is none of ours, or they were erased
    """
    subscriber_id = links().read_preferences(token)
    if subscriber_id is None:
        raise broken_link()
    subscriber = subscriber_by(subscriber_id)
    if subscriber is None:
        raise NotFound(_("We no longer know you: everything about this address was erased."))
    return subscriber


def workspace_of(subscriber: Subscriber) -> Workspace:
    """Return the workspace whose name and look a page for a subscriber has."""
    return db.session.get_one(Workspace, subscriber.workspace_id)


def details_of(subscriber: Subscriber) -> DetailsForm:
    """Return the form of what a subscriber may see and change about themselves."""
    return details_form(subscriber, preferences.own_fields(subscriber))


def render(template: str, **values: Any) -> str:
    """Fill a template in, in the language that the page speaks."""
    return render_template(template, page_language=language(), **values)
