"""What a Resend client sends, as letters."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mailer.api.pages import PageQuery
from mailer.delivery.engine.enclosures import Enclosure
from mailer.transactional.enclose import enclose, from_base64
from mailer.transactional.letter import Letter, read_mailboxes, wrong

_Several = str | list[str] | None


class _Lenient(BaseModel):
    """What the service takes; what it knows and we do not is passed over."""

    model_config = ConfigDict(extra="ignore", str_max_length=32 * 1024 * 1024)


class GivenAttachment(_Lenient):
    """A file: base64, or a list of its bytes, as the Python client sends them."""

    filename: str = ""
    content: str | list[int] | None = None
    path: str | None = None
    content_type: str | None = None
    content_id: str | None = None
    inline_content_id: str | None = None

    def enclosure(self) -> Enclosure:
        """Return the file.

        :raises Invalid: it is somewhere else, or no file
        """
        named = {
            "name": self.filename,
            "content_type": self.content_type or "",
            "content_id": self.content_id or self.inline_content_id or "",
        }
        if isinstance(self.content, list):
            try:
                return enclose(bytes(self.content), **named)
            except ValueError:
                raise wrong("attachments", "A list of bytes has numbers from 0 to 255.") from None
        if not self.content:
            raise wrong("attachments", "Send the content along; files are not fetched from elsewhere.")
        return from_base64(self.content, **named)


class GivenTag(_Lenient):
    """A tag of two halves."""

    name: str
    value: str = ""


class GivenTemplate(_Lenient):
    """A template of ours, by id or alias."""

    id: str
    variables: dict[str, Any] = {}


class GivenEmail(_Lenient):
    """One message."""

    from_: str = Field("", alias="from")
    to: _Several = None
    cc: _Several = None
    bcc: _Several = None
    reply_to: _Several = None
    subject: str = ""
    html: str | None = None
    text: str | None = None
    headers: dict[str, str] = {}
    attachments: list[GivenAttachment] | None = None
    tags: list[GivenTag] | None = None
    scheduled_at: str | None = None
    template: GivenTemplate | None = None


def read_email(given: Any) -> Letter:
    """Return the letter that a body asks for.

    :raises Invalid: with what is wrong
    """
    try:
        email = GivenEmail.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "body"
        raise wrong(field, f"The `{field}` field cannot be used: {first['msg']}.") from None
    return Letter(
        sender=read_mailboxes([email.from_], field="from")[0] if email.from_ else None,
        to=read_mailboxes(_listed(email.to), field="to"),
        cc=read_mailboxes(_listed(email.cc), field="cc"),
        bcc=read_mailboxes(_listed(email.bcc), field="bcc"),
        reply_to=read_mailboxes(_listed(email.reply_to), field="reply_to"),
        subject=email.subject,
        html=email.html or "",
        text=email.text,
        template=email.template.id if email.template else "",
        variables=email.template.variables if email.template else {},
        headers=email.headers,
        attachments=[each.enclosure() for each in email.attachments or ()],
        tags=[f"{tag.name}:{tag.value}" if tag.value else tag.name for tag in email.tags or ()],
        scheduled_at=read_time(email.scheduled_at) if email.scheduled_at else None,
    )


def read_page(given: Mapping[str, str]) -> PageQuery:
    """Return which page of the log is asked for.

    :raises Invalid: there are no such pages
    """
    try:
        return PageQuery.model_validate(dict(given))
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        raise wrong(field, f"The `{field}` field cannot be used.") from None


def read_time(text: Any) -> datetime:
    """Read an ISO 8601 time with a zone.

    :raises Invalid: it is none
    """
    try:
        at = TypeAdapter(datetime).validate_python(text)
    except ValidationError:
        at = None
    if at is None or at.tzinfo is None:
        raise wrong("scheduled_at", "Write the time as ISO 8601 with a zone: 2026-11-30T09:00:00Z.")
    return at


def _listed(given: _Several) -> list[str]:
    return given if isinstance(given, list) else [given] if given else []
