"""Resend's calls about emails. Its clients call ``/compat/resend`` instead of its own address."""

from typing import Any, Final

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from mailer.api.errors import answer_errors
from mailer.api.guards import allows, enter, secret_in_header, takes_up_to
from mailer.api.idempotency import idempotent
from mailer.api.pages import page
from mailer.compat.resend.letters import read_email, read_page, read_time
from mailer.db import db
from mailer.errors import MailerError
from mailer.lib.clock import utcnow
from mailer.lib.ids import public_id
from mailer.transactional.change import cancel, reschedule
from mailer.transactional.letter import wrong
from mailer.transactional.models import Source, TransactionalMessage
from mailer.transactional.queries import LogFilter, log, message_by_id
from mailer.transactional.representation import shown_messages, shown_whole
from mailer.transactional.schemas import MOST_BYTES, MOST_IN_BATCH, EmailShown
from mailer.transactional.send import send, send_all
from mailer.transactional.standing import Status
from mailer.web.problems import PROBLEM_TYPE

bp = Blueprint("resend", __name__, url_prefix="/compat/resend")
bp.before_request(lambda: enter(secret_in_header()))
answer_errors(bp)

#: What it calls the states of a message.
_EVENTS: Final = {Status.CANCELLED: "canceled"}


@bp.after_request
def _name_plain_type(response: Response) -> Response:
    """Call a problem plain JSON: its clients read nothing else."""
    if response.mimetype == PROBLEM_TYPE:
        response.mimetype = "application/json"
    return response


@bp.post("/emails")
@allows("emails:send")
@takes_up_to(MOST_BYTES)
@idempotent
def send_email() -> ResponseReturnValue:
    """Send one message."""
    message_id = send(g.workspace, read_email(request.get_json()), source=Source.RESEND, now=utcnow())
    return jsonify(id=_id(message_id))


@bp.post("/emails/batch")
@allows("emails:send")
@takes_up_to(MOST_BYTES)
@idempotent
def send_batch() -> ResponseReturnValue:
    """Send several messages: all or none, unless the client asks for what can be sent."""
    given = request.get_json()
    if not isinstance(given, list) or not 0 < len(given) <= MOST_IN_BATCH:
        raise wrong("body", f"Send a list of 1 to {MOST_IN_BATCH} emails.")
    is_strict = request.headers.get("x-batch-validation", "strict") != "permissive"
    answers = _answers(given)
    errors = [(at, each) for at, each in enumerate(answers) if isinstance(each, MailerError)]
    if errors and is_strict:
        raise errors[0][1]
    sent = [{"id": _id(each)} for each in answers if not isinstance(each, MailerError)]
    if is_strict:
        return jsonify(data=sent)
    return jsonify(data=sent, errors=[{"index": at, "message": each.message} for at, each in errors])


@bp.get("/emails")
@allows("emails:read")
def index_emails() -> ResponseReturnValue:
    """Read the log, newest first."""
    log_page = page(
        log(g.workspace.id, LogFilter()),
        TransactionalMessage,
        read_page(request.args),
        lambda rows: [_entry(each) for each in shown_messages(rows, now=utcnow())],
    )
    return jsonify(log_page)


@bp.get("/emails/<message_id>")
@allows("emails:read", "emails:send")
def show_email(message_id: str) -> ResponseReturnValue:
    """Read one message."""
    shown = shown_whole(message_by_id(g.workspace.id, message_id), now=utcnow())
    return jsonify(
        object="email",
        **_entry(shown),
        reply_to=shown.reply_to,
        html=shown.html,
        text=shown.text,
        tags=[dict(zip(("name", "value"), tag.partition(":")[::2], strict=True)) for tag in shown.tags],
    )


@bp.patch("/emails/<message_id>")
@allows("emails:send")
def reschedule_email(message_id: str) -> ResponseReturnValue:
    """Let a message leave at another time."""
    message = message_by_id(g.workspace.id, message_id)
    given = request.get_json()
    at = read_time(given.get("scheduled_at") if isinstance(given, dict) else None)
    reschedule(message, at=at, now=utcnow())
    db.session.commit()
    return jsonify(object="email", id=message_id)


@bp.post("/emails/<message_id>/cancel")
@allows("emails:send")
def cancel_email(message_id: str) -> ResponseReturnValue:
    """Take a message back that has not left."""
    cancel(message_by_id(g.workspace.id, message_id), now=utcnow())
    db.session.commit()
    return jsonify(object="email", id=message_id)


def _answers(given: list[Any]) -> list[Any]:
    """Return for each of several bodies the id of its message, or what is wrong with it."""
    letters: list[Any] = []
    for each in given:
        try:
            letters.append(read_email(each))
        except MailerError as error:
            letters.append(error)
    good = [each for each in letters if not isinstance(each, MailerError)]
    sent = iter(send_all(g.workspace, good, source=Source.RESEND, now=utcnow()))
    return [each if isinstance(each, MailerError) else next(sent) for each in letters]


def _entry(shown: EmailShown) -> dict[str, Any]:
    """Return what a list says of a message."""
    last = Status(shown.status)
    return {
        "id": shown.id,
        "from": shown.from_,
        "to": shown.to,
        "cc": shown.cc,
        "bcc": shown.bcc,
        "subject": shown.subject,
        "created_at": shown.created_at.isoformat(),
        "scheduled_at": shown.scheduled_at.isoformat() if shown.scheduled_at else None,
        "last_event": _EVENTS.get(last, last.value),
    }


def _id(message_id: Any) -> str:
    return public_id(TransactionalMessage.prefix, message_id)
