"""Postmark's calls that send. Its clients call ``/compat/postmark`` instead of its own address."""

from typing import Any, Final

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from mailer.api.errors import ApiError, answer_when_away
from mailer.api.guards import allows, enter, takes_up_to
from mailer.compat.postmark.letters import read_email
from mailer.db import db
from mailer.errors import MailerError
from mailer.lib.clock import utcnow
from mailer.lib.ids import public_id
from mailer.transactional.letter import Letter, wrong
from mailer.transactional.models import Source, TransactionalMessage
from mailer.transactional.schemas import MOST_BYTES, MOST_IN_BATCH
from mailer.transactional.send import Suppressed, send_all

bp = Blueprint("postmark", __name__, url_prefix="/compat/postmark")

# Its codes: postmarkapp.com/developer/api/overview#error-codes.
_OK: Final = 0
_BAD_TOKEN: Final = 10
_INVALID: Final = 300
_BAD_JSON: Final = 402
_INACTIVE: Final = 406
_NO_TEMPLATE: Final = 1101
_BATCH_TOO_LARGE: Final = 410


@bp.before_request
def _enter() -> None:
    enter(request.headers.get("X-Postmark-Server-Token", ""))


@bp.errorhandler(MailerError)
def _refuse(error: MailerError) -> ResponseReturnValue:
    db.session.rollback()
    if not isinstance(error, ApiError):
        return jsonify(ErrorCode=_code_of(error), Message=error.message), 422
    if error.status in {401, 403}:
        return jsonify(ErrorCode=_BAD_TOKEN, Message=error.message), 401
    return jsonify(ErrorCode=error.status, Message=error.message), error.status, error.headers


answer_when_away(bp, _refuse)


@bp.errorhandler(HTTPException)
def _refuse_request(error: HTTPException) -> ResponseReturnValue:
    db.session.rollback()
    code = _BAD_JSON if error.code == 400 else error.code
    return jsonify(ErrorCode=code, Message=error.description), error.code or 500


@bp.post("/email", endpoint="send_email")
@bp.post("/email/withTemplate", endpoint="send_template")
@allows("emails:send")
@takes_up_to(MOST_BYTES)
def send_one() -> ResponseReturnValue:
    """Send one message."""
    letter = read_email(request.get_json())
    (answer,) = send_all(g.workspace, [letter], source=Source.POSTMARK, now=utcnow())
    if isinstance(answer, MailerError):
        raise answer
    db.session.commit()
    return jsonify(_sent(letter, answer))


@bp.post("/email/batch", endpoint="send_batch")
@bp.post("/email/batchWithTemplates", endpoint="send_batch_of_templates")
@allows("emails:send")
@takes_up_to(MOST_BYTES)
def send_several() -> ResponseReturnValue:
    """Send what can be sent of several messages; each has an answer of its own."""
    given = request.get_json()
    given = given.get("Messages") if isinstance(given, dict) else given
    if not isinstance(given, list):
        raise wrong("body", "Send a list of messages.")
    if len(given) > MOST_IN_BATCH:
        return jsonify(ErrorCode=_BATCH_TOO_LARGE, Message=f"{MOST_IN_BATCH} messages at most."), 422
    letters: list[Any] = []
    for each in given:
        try:
            letters.append(read_email(each))
        except MailerError as error:
            letters.append(error)
    good = [each for each in letters if isinstance(each, Letter)]
    made = iter(zip(good, send_all(g.workspace, good, source=Source.POSTMARK, now=utcnow()), strict=True))
    answers = []
    for each in letters:
        letter, answer = next(made) if isinstance(each, Letter) else (None, each)
        answers.append(_sent(letter, answer))
    db.session.commit()
    return jsonify(answers)


def _sent(letter: Letter | None, answer: Any) -> dict[str, Any]:
    if letter is None or isinstance(answer, MailerError):
        to = ", ".join(each.email for each in letter.to) if letter else ""
        return {
            "To": to,
            "SubmittedAt": utcnow().isoformat(),
            "MessageID": "",
            "ErrorCode": _code_of(answer),
            "Message": answer.message,
        }
    return {
        "To": ", ".join(each.email for each in letter.to),
        "SubmittedAt": utcnow().isoformat(),
        "MessageID": public_id(TransactionalMessage.prefix, answer),
        "ErrorCode": _OK,
        "Message": "OK",
    }


def _code_of(error: MailerError) -> int:
    if isinstance(error, Suppressed):
        return _INACTIVE
    return _NO_TEMPLATE if "template" in error.fields else _INVALID
