"""What a SendGrid client sends, as letters: one for each of its personalisations."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mailer.delivery.engine.enclosures import Enclosure
from mailer.transactional.enclose import from_base64
from mailer.transactional.letter import Letter, Mailbox, read_mailboxes, wrong


class _Lenient(BaseModel):
    """What the service takes; what it knows and we do not is passed over."""

    model_config = ConfigDict(extra="ignore", str_max_length=32 * 1024 * 1024)


class GivenMailbox(_Lenient):
    """A name and an address."""

    email: str
    name: str | None = None


class GivenPersonalization(_Lenient):
    """Whom one message goes to, and what is theirs alone."""

    to: list[GivenMailbox] = []
    cc: list[GivenMailbox] = []
    bcc: list[GivenMailbox] = []
    from_: GivenMailbox | None = Field(None, alias="from")
    subject: str | None = None
    headers: dict[str, str] = {}
    substitutions: dict[str, str] = {}
    dynamic_template_data: dict[str, Any] = {}
    send_at: int | None = None


class GivenContent(_Lenient):
    """Words of one type."""

    type: str
    value: str


class GivenAttachment(_Lenient):
    """A file as base64."""

    content: str
    filename: str
    type: str | None = None
    disposition: str | None = None
    content_id: str | None = None

    def enclosure(self) -> Enclosure:
        """Return the file."""
        is_shown = self.disposition == "inline"
        return from_base64(
            self.content,
            name=self.filename,
            content_type=self.type or "",
            content_id=(self.content_id or "") if is_shown else "",
        )


class _Switch(_Lenient):
    enable: bool = False


class _Tracking(_Lenient):
    click_tracking: _Switch = _Switch()
    open_tracking: _Switch = _Switch()

    @property
    def is_on(self) -> bool:
        return self.click_tracking.enable or self.open_tracking.enable


class GivenMail(_Lenient):
    """Several messages of the same words."""

    personalizations: list[GivenPersonalization] = Field(min_length=1, max_length=1000)
    from_: GivenMailbox | None = Field(None, alias="from")
    reply_to: GivenMailbox | None = None
    reply_to_list: list[GivenMailbox] = []
    subject: str | None = None
    content: list[GivenContent] = []
    attachments: list[GivenAttachment] = []
    template_id: str | None = None
    headers: dict[str, str] = {}
    categories: list[str] = []
    send_at: int | None = None
    tracking_settings: _Tracking = _Tracking()


def read_mail(given: Any) -> list[Letter]:
    """Return the letters that a body asks for.

    :raises Invalid: with what is wrong
    """
    try:
        mail = GivenMail.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "body"
        raise wrong(field, f"The {field} field cannot be used: {first['msg']}.") from None
    words = {content.type: content.value for content in mail.content}
    files = [each.enclosure() for each in mail.attachments]
    return [_letter(mail, each, words, files) for each in mail.personalizations]


def _letter(
    mail: GivenMail, to: GivenPersonalization, words: Mapping[str, str], files: list[Enclosure]
) -> Letter:
    sender = to.from_ or mail.from_
    replies = mail.reply_to_list or ([mail.reply_to] if mail.reply_to else [])
    at = to.send_at or mail.send_at
    text = words.get("text/plain")
    return Letter(
        sender=_mailboxes([sender], "from")[0] if sender else None,
        to=_mailboxes(to.to, "personalizations.to"),
        cc=_mailboxes(to.cc, "personalizations.cc"),
        bcc=_mailboxes(to.bcc, "personalizations.bcc"),
        reply_to=_mailboxes(replies, "reply_to"),
        subject=_with(to.substitutions, to.subject or mail.subject or ""),
        html=_with(to.substitutions, words.get("text/html", "")),
        text=_with(to.substitutions, text) if text is not None else None,
        template=mail.template_id or "",
        variables=to.dynamic_template_data,
        headers={**mail.headers, **to.headers},
        attachments=files,
        tags=mail.categories,
        scheduled_at=_time(at) if at else None,
        is_tracked=mail.tracking_settings.is_on,
    )


def _mailboxes(given: list[GivenMailbox], field: str) -> list[Mailbox]:
    texts = [f"{each.name} <{each.email}>" if each.name else each.email for each in given]
    return read_mailboxes(texts, field=field)


def _with(substitutions: Mapping[str, str], words: str) -> str:
    for tag, value in substitutions.items():
        words = words.replace(tag, value)
    return words


def _time(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (OverflowError, ValueError, OSError):
        raise wrong("send_at", "This is no time in seconds since 1970.") from None
