"""Single messages for programs: sent, looked up, taken back."""

from typing import Any

from flask import g

from mailer.api.guards import allows, api_blueprint, takes_up_to
from mailer.api.idempotency import idempotent
from mailer.api.pages import page
from mailer.api.schemas import Given, given, patched
from mailer.composing.models import Template
from mailer.composing.queries import template_by_id
from mailer.db import db
from mailer.delivery.models import DeliveryState
from mailer.errors import Invalid, MailerError
from mailer.lib.clock import utcnow
from mailer.lib.ids import public_id
from mailer.transactional.change import cancel, reschedule
from mailer.transactional.events import events_of
from mailer.transactional.fill_template import variables_of
from mailer.transactional.models import Source, TransactionalMessage
from mailer.transactional.offer_template import offer_template
from mailer.transactional.preview import preview
from mailer.transactional.queries import LogFilter, log, message_by_id, retention_of, use_of
from mailer.transactional.redact import keep_for
from mailer.transactional.representation import shown_events, shown_messages, shown_whole
from mailer.transactional.schemas import (
    MOST_BYTES,
    BatchItem,
    BatchSent,
    EmailChanges,
    EmailEventsShown,
    EmailPage,
    EmailQuery,
    EmailRendered,
    EmailSent,
    EmailShown,
    ItemError,
    NewBatch,
    NewEmail,
    OfferChanges,
    OfferShown,
    RetentionChanges,
    RetentionShown,
    VariableShown,
    WholeEmail,
)
from mailer.transactional.send import send, send_all
from mailer.transactional.send_again import send_again
from mailer.web.problems import NAMES, status_of

bp = api_blueprint("transactional_api", __name__, tag="Emails")


@bp.post("/emails")
@allows("emails:send")
@takes_up_to(MOST_BYTES)
@idempotent
@bp.input(NewEmail)
@bp.output(EmailSent)
def send_email(json_data: NewEmail) -> EmailSent:
    """Send one message. The answer comes once it is written down: from then on it is delivered or shown."""
    letter = json_data.letter(g.workspace.id)
    message_id = send(g.workspace, letter, source=Source.API, now=utcnow())
    return EmailSent(id=public_id(TransactionalMessage.prefix, message_id))


@bp.post("/emails/batch")
@allows("emails:send")
@takes_up_to(MOST_BYTES)
@idempotent
@bp.input(NewBatch)
@bp.output(BatchSent)
def send_batch(json_data: NewBatch) -> BatchSent:
    """Send several messages, and hear of each what became of it."""
    answers: list[Any] = []
    letters = []
    for each in json_data.emails:
        try:
            letters.append(each.letter(g.workspace.id))
            answers.append(None)
        except MailerError as error:
            answers.append(error)
    sent = iter(send_all(g.workspace, letters, source=Source.API, now=utcnow()))
    answers = [next(sent) if answer is None else answer for answer in answers]
    if json_data.mode == "strict":
        _require_all(answers)
    return BatchSent(data=[_item(answer) for answer in answers])


@bp.post("/emails/render")
@allows("emails:send")
@takes_up_to(MOST_BYTES)
@idempotent
@bp.input(NewEmail)
@bp.output(EmailRendered)
def render_email(json_data: NewEmail) -> EmailRendered:
    """Show what a message would say, and send nothing."""
    rendered = preview(g.workspace, json_data.letter(g.workspace.id), now=utcnow())
    return EmailRendered(subject=rendered.subject, html=rendered.html, text=rendered.text)


@bp.get("/emails")
@bp.input(EmailQuery, location="query")
@bp.output(EmailPage)
def index_emails(query_data: EmailQuery) -> dict[str, Any]:
    """Read the log, newest first."""
    by = LogFilter(
        email=query_data.email,
        tag=query_data.tag,
        stream=query_data.stream,
        template=query_data.template,
        state=DeliveryState(query_data.state) if query_data.state else None,
    )
    now = utcnow()
    return page(
        log(g.workspace.id, by), TransactionalMessage, query_data, lambda rows: shown_messages(rows, now=now)
    )


@bp.get("/emails/<message_id>")
@allows("emails:read", "emails:send")
@bp.output(WholeEmail)
def show_email(message_id: str) -> WholeEmail:
    """Read one message: its words, and where each address stands."""
    return shown_whole(message_by_id(g.workspace.id, message_id), now=utcnow())


@bp.patch("/emails/<message_id>")
@allows("emails:send")
@idempotent
@bp.input(EmailChanges)
@bp.output(EmailShown)
def reschedule_email(message_id: str, json_data: EmailChanges) -> EmailShown:
    """Let a message that has not left leave at another time."""
    message = message_by_id(g.workspace.id, message_id)
    reschedule(message, at=json_data.scheduled_at, now=utcnow())
    return shown_messages([message], now=utcnow())[0]


@bp.post("/emails/<message_id>/cancel")
@allows("emails:send")
@idempotent
@bp.output(EmailShown)
def cancel_email(message_id: str) -> EmailShown:
    """Take a message back that has not left; doing it twice changes nothing."""
    message = message_by_id(g.workspace.id, message_id)
    cancel(message, now=utcnow())
    return shown_messages([message], now=utcnow())[0]


@bp.post("/emails/<message_id>/send-again", endpoint="send_email_again")
@allows("emails:send")
@idempotent
@bp.output(EmailSent)
def post_again(message_id: str) -> EmailSent:
    """Send a message's words to its addresses once more, as a new message."""
    return EmailSent(id=send_again(g.workspace, message_by_id(g.workspace.id, message_id), now=utcnow()))


@bp.get("/emails/<message_id>/events")
@allows("emails:read", "emails:send")
@bp.output(EmailEventsShown)
def index_email_events(message_id: str) -> EmailEventsShown:
    """Read what happened to a message, address by address, with the servers’ words."""
    return EmailEventsShown(data=shown_events(events_of(message_by_id(g.workspace.id, message_id))))


@bp.get("/templates/<template_id>/offer", endpoint="show_template_offer")
@bp.output(OfferShown)
def show_offer(template_id: str) -> OfferShown:
    """Read how programs send by a template: its alias, its subject and what it wants to be told."""
    return _offer(template_by_id(g.workspace.id, template_id))


@bp.patch("/templates/<template_id>/offer", endpoint="offer_template")
@bp.input(OfferChanges)
@bp.output(OfferShown)
def patch_offer(template_id: str, json_data: Given) -> OfferShown:
    """Change what programs call a template, and its subject."""
    template, said = template_by_id(g.workspace.id, template_id), given(json_data)
    use = use_of(template)
    offer_template(
        template, alias=said.get("alias", use.alias or ""), subject=said.get("subject", use.subject)
    )
    db.session.commit()
    return _offer(template)


@bp.get("/workspace/retention", endpoint="show_retention")
@bp.doc(tags=["Workspace"])
@bp.output(RetentionShown)
def show_retention() -> RetentionShown:
    """Read how long the log of single messages is kept."""
    return RetentionShown.of(retention_of(g.workspace.id))


@bp.patch("/workspace/retention", endpoint="update_retention")
@bp.doc(tags=["Workspace"])
@bp.input(RetentionChanges)
@bp.output(RetentionShown)
def patch_retention(json_data: Given) -> RetentionShown:
    """Change how long the log is kept; what is too old by then is forgotten within the hour."""
    keep_for(g.workspace.id, **patched(retention_of(g.workspace.id), json_data))
    db.session.commit()
    return RetentionShown.of(retention_of(g.workspace.id))


def _require_all(answers: list[Any]) -> None:
    wrong = {
        f"emails.{number}": answer.message
        for number, answer in enumerate(answers)
        if isinstance(answer, MailerError)
    }
    if wrong:
        raise Invalid("Nothing was sent: some of the messages cannot be; see errors.", fields=wrong)


def _item(answer: Any) -> BatchItem:
    if not isinstance(answer, MailerError):
        return BatchItem(id=public_id(TransactionalMessage.prefix, answer))
    errors = [{"field": field, "message": text} for field, text in answer.fields.items()]
    name = NAMES[status_of(answer)]
    return BatchItem(error=ItemError(name=name, message=answer.message, errors=errors))


def _offer(template: Template) -> OfferShown:
    use = use_of(template)
    wanted = variables_of(g.workspace, template, subject=use.subject)
    return OfferShown(
        template=template.public_id,
        alias=use.alias,
        subject=use.subject,
        variables=[VariableShown(name=name, required=required) for name, required in wanted.items()],
    )
