"""What calls about transactional messages take and answer."""

from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from mailer.api.pages import PageQuery
from mailer.api.schemas import Given, Line, Shown, changes_of, list_of
from mailer.delivery.engine.enclosures import Enclosure
from mailer.delivery.models import DeliveryState
from mailer.transactional.enclose import from_base64, from_picture
from mailer.transactional.letter import DEFAULT_STREAM, Letter, read_mailboxes, wrong

#: 20 MB of files as base64, and the words.
MOST_BYTES = 32 * 1024 * 1024
MOST_IN_BATCH = 500

Mailboxes = Line | list[Line]


class GivenAttachment(Given):
    """A file to go along: its content as base64, or a picture of the workspace."""

    model_config = ConfigDict(extra="forbid", str_max_length=MOST_BYTES)

    filename: Line = Field("", max_length=500, examples=["invoice-17.pdf"])
    content: str = Field("", description="Base64.")
    media_id: Line = Field("", max_length=60, description="Of an uploaded picture, instead of content.")
    content_type: Line = Field("", max_length=130, description="Left out, the file name’s ending says it.")
    content_id: Line = Field(
        "", max_length=120, description='For a picture in the HTML: <img src="cid:logo"> shows “logo”.'
    )

    def enclosure(self, workspace_id: UUID) -> Enclosure:
        """Return the file.

        :raises Invalid: it cannot be used
        """
        if bool(self.content) == bool(self.media_id):
            raise wrong("attachments", "An attachment has either content or a media_id.")
        if self.media_id:
            return from_picture(workspace_id, self.media_id, name=self.filename, content_id=self.content_id)
        return from_base64(
            self.content, name=self.filename, content_type=self.content_type, content_id=self.content_id
        )


class GivenTemplate(Given):
    """A published template, by its id or alias, and what its variables stand for."""

    id: Line = Field("", max_length=60, examples=["tpl_01k2m8w5c4e0t9q7y3x6v1b2n8"])
    alias: Line = Field("", max_length=80, examples=["order-receipt"])
    variables: dict[str, Any] = {}


class NewEmail(Given):
    """A message to be sent: in your own words, or by a template."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "from": "Ana <ana@example.com>",
                    "to": "sam@example.com",
                    "subject": "Your receipt",
                    "html": "<p>Thank you! That was <b>€ 12.40</b>.</p>",
                    "tags": ["receipt"],
                }
            ]
        }
    )

    from_: Line = Field(
        "", alias="from", max_length=440, description="Left out, the workspace’s first sender."
    )
    to: Mailboxes = Field(description="An address, “Ana <ana@example.com>”, or a list of them.")
    cc: Mailboxes = []
    bcc: Mailboxes = []
    reply_to: Mailboxes = []
    subject: Line = Field("", max_length=998, description="May be left out where the template has one.")
    html: str = Field("", description="Goes out as it stands.")
    text: str | None = Field(None, description="The plain part; left out, it is made from the HTML.")
    template: GivenTemplate | None = None
    headers: dict[str, str] = Field({}, description="X-…, References, List-Unsubscribe and such.")
    attachments: list[GivenAttachment] = Field([], description="20 MB together.")
    tags: list[Line] = Field([], description="Words to find it by.")
    stream: Line = Field(DEFAULT_STREAM, description="Keeps its own suppressions: “receipts”, “alerts”.")
    scheduled_at: AwareDatetime | None = Field(None, description="At most 30 days ahead.")
    track: bool = Field(
        False,
        description="Whether opens and clicks are counted; never beyond the workspace’s own choice: what is "
        "counted of one message is of a person, so that nothing is unless “mode” of /workspace/tracking "
        "is “full”.",
    )

    @model_validator(mode="after")
    def _name_one_template(self) -> "NewEmail":
        if self.template is not None and bool(self.template.id) == bool(self.template.alias):
            raise ValueError("name the template by its id or by its alias")
        return self

    def letter(self, workspace_id: UUID) -> Letter:
        """Return what is asked for.

        :raises Invalid: an address or a file cannot be read
        """
        template = self.template
        sender = read_mailboxes([self.from_], field="from")[0] if self.from_ else None
        return Letter(
            sender=sender,
            **{
                field: read_mailboxes(_listed(getattr(self, field)), field=field)
                for field in ("to", "cc", "bcc", "reply_to")
            },
            subject=self.subject,
            html=self.html,
            text=self.text,
            template=(template.id or template.alias) if template else "",
            variables=template.variables if template else {},
            headers=self.headers,
            attachments=[each.enclosure(workspace_id) for each in self.attachments],
            tags=self.tags,
            stream=self.stream,
            scheduled_at=self.scheduled_at,
            is_tracked=self.track,
        )


class NewBatch(Given):
    """Several messages at once."""

    emails: list[NewEmail] = Field(min_length=1, max_length=MOST_IN_BATCH)
    mode: Literal["strict", "permissive"] = Field(
        "strict",
        description="strict: all or none; permissive: whatever can be sent, with an error for the rest.",
    )


class EmailChanges(Given):
    """Another time for a message that has not left."""

    scheduled_at: AwareDatetime


class EmailSent(Shown):
    """A message that was written down for sending."""

    object: Literal["email"] = "email"
    id: str


class ItemError(Shown):
    """Why one of several messages was not taken."""

    name: str
    message: str
    errors: list[dict[str, str]] = []


class BatchItem(Shown):
    """What became of one of several messages, in the order in which they were given."""

    id: str | None = None
    error: ItemError | None = None


class BatchSent(Shown):
    """What became of several messages."""

    object: Literal["list"] = "list"
    data: list[BatchItem]


class EmailRendered(Shown):
    """What a message would say."""

    subject: str
    html: str
    text: str


class RecipientShown(Shown):
    """One address of a message, and where it stands."""

    email: str
    delivery_id: str
    status: str
    attempts: int
    reply: str = Field(description="The receiving server’s last words.")
    next_try_at: AwareDatetime | None
    ended_at: AwareDatetime | None


class AttachmentShown(Shown):
    """A file that went along."""

    filename: str
    content_type: str
    content_id: str
    size: int


class EmailShown(Shown):
    """A message as the log has it."""

    object: Literal["email"] = "email"
    id: str
    status: str
    from_: str = Field(alias="from")
    to: list[str]
    cc: list[str]
    bcc: list[str]
    subject: str
    stream: str
    source: str
    tags: list[str]
    template: str | None
    created_at: AwareDatetime
    scheduled_at: AwareDatetime | None
    recipients: list[RecipientShown]


class WholeEmail(EmailShown):
    """A message with its words; they are empty once they were forgotten."""

    html: str
    text: str
    reply_to: list[str]
    headers: dict[str, str]
    attachments: list[AttachmentShown]
    redacted_at: AwareDatetime | None


class EventShown(Shown):
    """One thing that happened to a message."""

    type: str
    created_at: AwareDatetime
    email: str = Field(description="The address that it is about; empty where it is about all.")
    detail: str
    code: int | None
    attempt: int | None


class EmailEventsShown(Shown):
    """What happened to a message, oldest first."""

    object: Literal["list"] = "list"
    has_more: bool = False
    data: list[EventShown]


class EmailQuery(PageQuery):
    """Which messages are asked for."""

    email: Line = Field("", description="Only those to this address.")
    tag: Line = Field("", description="Only those with this tag.")
    stream: Line = Field("", description="Only those of this stream.")
    template: Line = Field("", description="Only those by this template: its id or alias.")
    state: Literal["", *(state.value for state in DeliveryState)] = Field(  # type: ignore[valid-type]
        "", description="Only those with an address in this state."
    )


class VariableShown(Shown):
    """Something that a template wants to be told."""

    name: str
    required: bool = Field(description="Whether a message cannot be sent without it.")


class OfferShown(Shown):
    """A template as programs send by it."""

    object: Literal["template_offer"] = "template_offer"
    template: str
    alias: str | None
    subject: str
    variables: list[VariableShown] = Field(description="Of the published version; empty before the first.")


class Offer(Given):
    """What programs call a template, and its subject."""

    alias: Line = Field("", max_length=80, description="Empty: its id alone.", examples=["order-receipt"])
    subject: Line = Field("", max_length=500, examples=["Your order {{ variables.order }}"])


class Retention(Given):
    """How long the log is kept."""

    content_days: int = Field(ge=0, le=3650, description="Words and files; 0: until it has left.")
    entry_days: int = Field(ge=1, le=3650, description="The entry itself; at least as long as its words.")


class RetentionShown(Shown):
    """How long a workspace keeps its log."""

    object: Literal["retention"] = "retention"
    content_days: int
    entry_days: int


RetentionChanges = changes_of(Retention, "RetentionChanges")
OfferChanges = changes_of(Offer, "OfferChanges")
EmailPage = list_of(EmailShown, "EmailPage")


def _listed(given: str | list[str]) -> list[str]:
    return given if isinstance(given, list) else [given] if given else []
