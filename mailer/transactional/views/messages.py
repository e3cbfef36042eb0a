"""The log of transactional messages."""

from typing import Final

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.current import settings
from mailer.db import db
from mailer.delivery.models import DeliveryState
from mailer.errors import MailerError
from mailer.lib.choices import choice_of
from mailer.lib.clock import utcnow
from mailer.lib.lines import clean_search
from mailer.transactional import queries
from mailer.transactional.change import cancel
from mailer.transactional.events import attempts_of, events_of
from mailer.transactional.letter import Mailbox
from mailer.transactional.models import TransactionalMessage
from mailer.transactional.preview import words_as_sent
from mailer.transactional.send_again import send_again
from mailer.transactional.standing import Status, statuses_of, worst
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.pages import page_of

bp = workspace_blueprint("messages", __name__)

#: For a mail's HTML: nothing runs, nothing is loaded but pictures, links lead to tabs of their own.
_POLICY: Final = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src http: https: data:; "
    "style-src 'unsafe-inline'; font-src http: https: data:; frame-ancestors 'self'"
)
#: The states that one may ask for, in the words of the page.
_STATES: Final = {
    "prepared": "Waiting",
    "accepted": "Sent",
    "rejected": "Failed",
    "skipped": "Suppressed or cancelled",
}


@bp.get("/transactional")
def index() -> str:
    """List the messages, newest first, as searched."""
    search, stream = clean_search(request.args.get("q", "")), clean_search(request.args.get("stream", ""))
    state = choice_of(DeliveryState, request.args.get("state", ""), label="The state")
    by = queries.LogFilter(search=search, stream=stream, state=state)
    page = page_of(queries.log(g.workspace.id, by), TransactionalMessage)
    deliveries = queries.deliveries_of(message.id for message in page.rows)
    statuses = statuses_of([each for found in deliveries.values() for each in found], now=utcnow())
    return render_template(
        "transactional/index.html",
        page=page,
        q=search,
        stream=stream,
        state=state or "",
        states=_STATES,
        streams=[(each, each) for each in queries.streams_of(g.workspace.id)],
        base_url=settings().base_url,
        statuses={
            message.id: worst(statuses[each.id] for each in deliveries[message.id]) for message in page.rows
        },
    )


@bp.get("/transactional/<message_id>")
def show(message_id: str) -> str:
    """Show one message: what it says, whom it went to, what their servers said."""
    message = _found(message_id)
    deliveries = queries.deliveries_of([message.id])[message.id]
    statuses = statuses_of(deliveries, now=utcnow())
    content = message.message
    return render_template(
        "transactional/show.html",
        message=message,
        content=content,
        sender=Mailbox(content.from_name, content.from_email),
        status=worst(statuses.values()),
        deliveries=deliveries,
        statuses=statuses,
        attempts=attempts_of([each.id for each in deliveries]),
        events=events_of(message)[::-1],
        words=words_as_sent(content),
        may_cancel=any(status in {Status.SCHEDULED, Status.DELAYED} for status in statuses.values()),
    )


@bp.get("/transactional/<message_id>/html")
def html(message_id: str) -> Response:
    """Give a message's HTML alone, for the frame that shows it."""
    content = words_as_sent(_found(message_id).message)
    page = Response('<base target="_blank">' + content.html, mimetype="text/html")
    page.headers["Content-Security-Policy"] = _POLICY
    page.headers["X-Frame-Options"] = "SAMEORIGIN"
    page.headers["Referrer-Policy"] = "no-referrer"
    return page


@bp.post("/transactional/<message_id>/send-again")
@requires(Role.EDITOR)
def resend(message_id: str) -> ResponseReturnValue:
    """Send the same words to the same addresses, as a new message."""
    message = _found(message_id)
    try:
        made = send_again(g.workspace, message, now=utcnow())
    except MailerError as error:
        db.session.rollback()
        flash(error.message, "error")
        return redirect(url_for(".show", message_id=message_id))
    db.session.commit()
    flash("It is on its way once more, as a message of its own.", "success")
    return redirect(url_for(".show", message_id=made))


@bp.post("/transactional/<message_id>/cancel")
@requires(Role.EDITOR)
def take_back(message_id: str) -> ResponseReturnValue:
    """Take a message back that has not left."""
    message = _found(message_id)
    try:
        cancel(message, now=utcnow())
    except MailerError as error:
        db.session.rollback()
        flash(error.message, "error")
        return redirect(url_for(".show", message_id=message_id))
    db.session.commit()
    flash("Nobody gets it any more who has not got it yet.", "success")
    return redirect(url_for(".show", message_id=message_id))


def _found(message_id: str) -> TransactionalMessage:
    return queries.message_by_id(g.workspace.id, message_id)
