"""SendGrid's call that sends. Its clients call ``/compat/sendgrid`` instead of its own address."""

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from mailer.api.errors import ApiError, answer_when_away
from mailer.api.guards import allows, enter, secret_in_header, takes_up_to
from mailer.compat.sendgrid.letters import read_mail
from mailer.db import db
from mailer.errors import MailerError
from mailer.lib.clock import utcnow
from mailer.lib.ids import public_id
from mailer.transactional.models import Source, TransactionalMessage
from mailer.transactional.schemas import MOST_BYTES
from mailer.transactional.send import send_all

bp = Blueprint("sendgrid", __name__, url_prefix="/compat/sendgrid")
bp.before_request(lambda: enter(secret_in_header()))


@bp.errorhandler(MailerError)
def _refuse(error: MailerError) -> ResponseReturnValue:
    db.session.rollback()
    status, headers = (error.status, error.headers) if isinstance(error, ApiError) else (400, {})
    fields = error.fields or {"": error.message}
    answer = jsonify(
        errors=[{"message": text, "field": field or None, "help": None} for field, text in fields.items()]
    )
    return answer, status, headers


answer_when_away(bp, _refuse)


@bp.errorhandler(HTTPException)
def _refuse_request(error: HTTPException) -> ResponseReturnValue:
    db.session.rollback()
    return jsonify(errors=[{"message": error.description, "field": None, "help": None}]), error.code or 500


@bp.post("/v3/mail/send")
@allows("emails:send")
@takes_up_to(MOST_BYTES)
def send_mail() -> ResponseReturnValue:
    """Send a message to each personalisation: all of them or none."""
    letters = read_mail(request.get_json())
    answers = send_all(g.workspace, letters, source=Source.SENDGRID, now=utcnow())
    ids = []
    for answer in answers:
        if isinstance(answer, MailerError):
            raise answer
        ids.append(public_id(TransactionalMessage.prefix, answer))
    db.session.commit()
    return "", 202, {"X-Message-Id": ids[0]}
