"""Somebody's own data: all of it to keep (GDPR 15 and 20), or none of it (GDPR 17)."""

from typing import Any

from flask import Response, jsonify

from mailer import signals
from mailer.audience.erase import erase_subscribers
from mailer.consent.public.frame import bp, render, subscriber_of, workspace_of
from mailer.current import links
from mailer.db import db
from mailer.lib.clock import utcnow


@bp.get("/p/<token>/data")
def download(token: str) -> Response:
    """Hand out everything that is known of somebody to themselves (GDPR 15 and 20)."""
    subscriber = subscriber_of(token)
    answers = signals.everything_wanted.send(subscriber)
    known: dict[str, Any] = next((known for _receiver, known in answers), {})
    response = jsonify(known)
    response.headers["Content-Disposition"] = "attachment; filename=my-data.json"
    return response


@bp.get("/p/<token>/erase")
def show_erasing(token: str) -> str:
    """Ask whether everything is to be erased, with the button that does."""
    subscriber = subscriber_of(token)
    return render(
        "consent/erase.html",
        workspace=workspace_of(subscriber),
        preferences_url=links().preferences_url(subscriber.id),
    )


@bp.post("/p/<token>/erase")
def erase(token: str) -> str:
    """Erase everything that is known of somebody, at their own wish (GDPR 17)."""
    subscriber = subscriber_of(token)
    erase_subscribers(subscriber.workspace_id, [subscriber.id], now=utcnow())
    db.session.commit()
    return render("consent/unknown.html")
