"""What a Postmark client sends, as letters."""

from email.utils import getaddresses
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from mailer.transactional.enclose import from_base64
from mailer.transactional.letter import DEFAULT_STREAM, Letter, Mailbox, read_mailboxes, wrong

#: What it calls the stream that every server of its has.
_ITS_STREAM = "outbound"


class _Lenient(BaseModel):
    """What the service takes, in its own spelling; what it knows and we do not is passed over."""

    model_config = ConfigDict(extra="ignore", str_max_length=32 * 1024 * 1024)


class GivenHeader(_Lenient):
    """A header field."""

    Name: str
    Value: str


class GivenAttachment(_Lenient):
    """A file as base64."""

    Name: str
    Content: str
    ContentType: str = ""
    ContentID: str | None = None


class GivenEmail(_Lenient):
    """One message, in its own words or by a template."""

    From: str = ""
    To: str = ""
    Cc: str | None = None
    Bcc: str | None = None
    ReplyTo: str | None = None
    Subject: str | None = None
    Tag: str | None = None
    HtmlBody: str | None = None
    TextBody: str | None = None
    Headers: list[GivenHeader] | None = None
    Attachments: list[GivenAttachment] | None = None
    TrackOpens: bool | None = None
    TrackLinks: str | None = None
    MessageStream: str | None = None
    TemplateId: int | str | None = None
    TemplateAlias: str | None = None
    TemplateModel: dict[str, Any] | None = None


def read_email(given: Any) -> Letter:
    """Return the letter that a body asks for.

    :raises Invalid: with what is wrong
    """
    try:
        email = GivenEmail.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "body"
        raise wrong(field, f"The field “{field}” cannot be used: {first['msg']}.") from None
    stream = email.MessageStream or _ITS_STREAM
    return Letter(
        sender=read_mailboxes([email.From], field="From")[0] if email.From else None,
        to=_mailboxes(email.To, "To"),
        cc=_mailboxes(email.Cc, "Cc"),
        bcc=_mailboxes(email.Bcc, "Bcc"),
        reply_to=_mailboxes(email.ReplyTo, "ReplyTo"),
        subject=email.Subject or "",
        html=email.HtmlBody or "",
        text=email.TextBody,
        template=email.TemplateAlias or str(email.TemplateId or ""),
        variables=email.TemplateModel or {},
        headers={each.Name: each.Value for each in email.Headers or ()},
        attachments=[
            from_base64(
                each.Content,
                name=each.Name,
                content_type=each.ContentType,
                content_id=(each.ContentID or "").removeprefix("cid:"),
            )
            for each in email.Attachments or ()
        ],
        tags=[email.Tag] if email.Tag else [],
        stream=DEFAULT_STREAM if stream == _ITS_STREAM else stream,
        is_tracked=bool(email.TrackOpens) or email.TrackLinks not in {None, "", "None"},
    )


def _mailboxes(text: str | None, field: str) -> list[Mailbox]:
    """Read addresses with commas between, as a header has them."""
    pairs = getaddresses([text]) if text else []
    return read_mailboxes([str(Mailbox(name.replace("<", ""), email)) for name, email in pairs], field=field)
