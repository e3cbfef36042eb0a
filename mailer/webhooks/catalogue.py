"""The events that an endpoint can ask for, and what each tells."""

from typing import Any, Final, Literal

from pydantic import AwareDatetime, Field

from mailer.api.schemas import Shown
from mailer.api.told import tells_webhooks
from mailer.audience.representation import SubscriberShown


class Told(Shown):
    """An event, as an endpoint is told it."""

    type: str
    timestamp: AwareDatetime = Field(description="When it happened.")


class ErasedTold(Shown):
    """A subscriber who is here no more."""

    object: Literal["subscriber"] = "subscriber"
    id: str


class PlaceTold(Shown):
    """A subscriber and the list that they joined or left."""

    object: Literal["subscription"] = "subscription"
    list: str
    status: str
    subscriber: SubscriberShown


class EmailTold(Shown):
    """A mail to one address."""

    object: Literal["email"] = "email"
    id: str = Field(description="Of the delivery.")
    message: str | None
    campaign: str | None
    subscriber: str | None
    email: str
    reply: str = Field(description="The words of the receiving server, or of the mail that came back.")
    hard: bool | None = Field(description="Of a bounce: whether mail can never arrive.")
    reason: str | None = Field(description="Of one that was suppressed: why, such as unsubscribed.")
    scheduled_at: AwareDatetime | None = Field(description="Of one that waits: until when.")
    link: int | None = Field(description="Of a click: the number of the link.")
    machine: bool | None = Field(
        description="Of an open or a click: whether a machine seems to have done it, as judged at first."
    )


class CampaignTold(Shown):
    """A campaign."""

    object: Literal["campaign"] = "campaign"
    id: str
    status: str
    name: str
    subject: str
    pause_reason: str
    scheduled_at: AwareDatetime | None
    launched_at: AwareDatetime | None
    finished_at: AwareDatetime | None


class ImportTold(Shown):
    """An import that is over."""

    object: Literal["import"] = "import"
    id: str
    file_name: str
    status: str
    added: int
    updated: int
    refused: int
    subscribed: int


class ExportTold(Shown):
    """An export that a worker wrote, or could not write."""

    object: Literal["export"] = "export"
    id: str
    kind: str
    format: str
    status: str
    error: str
    expires_at: AwareDatetime | None = Field(description="Until when its file can be fetched.")


class TestTold(Shown):
    """A test."""

    message: str


class SubscriberEvent(Told):
    """Something about a subscriber."""

    data: SubscriberShown


class ErasedEvent(Told):
    """A subscriber was erased."""

    data: ErasedTold


class SubscriptionEvent(Told):
    """A subscriber joined or left a list."""

    data: PlaceTold


class EmailEvent(Told):
    """Something about a mail to one address."""

    data: EmailTold


class CampaignEvent(Told):
    """A campaign moved on."""

    data: CampaignTold


class ImportEvent(Told):
    """An import is over; people whom it brought are not told one by one."""

    data: ImportTold


class ExportEvent(Told):
    """An export is over: its file can be fetched, or its error says why not."""

    data: ExportTold


class TestEvent(Told):
    """Somebody tries whether an endpoint works."""

    data: TestTold


#: What asks for every event, also those that come later.
EVERYTHING: Final = "*"

#: By name: what it says of itself, and the kind of what is told.
EVENTS: Final[dict[str, tuple[str, type[Told]]]] = {
    "subscriber.created": ("Somebody new is in the audience.", SubscriberEvent),
    "subscriber.updated": ("What is known of somebody changed.", SubscriberEvent),
    "subscriber.deleted": ("Somebody was erased.", ErasedEvent),
    "subscriber.subscribed": ("Somebody joined a list at once.", SubscriptionEvent),
    "subscriber.confirmed": ("Somebody confirmed by mail that they join a list.", SubscriptionEvent),
    "subscriber.unsubscribed": ("Somebody left a list.", SubscriptionEvent),
    "email.scheduled": ("A message waits for its time.", EmailEvent),
    "email.suppressed": ("An address is not to be mailed; nothing was sent.", EmailEvent),
    "email.sent": ("The receiving server took a mail.", EmailEvent),
    "email.delivered": ("A mail server said that it delivered a mail.", EmailEvent),
    "email.delivery_delayed": ("The receiving server put a mail off; it is tried again.", EmailEvent),
    "email.bounced": ("An address does not take mail, now or ever.", EmailEvent),
    "email.failed": ("A mail was refused for another reason than its address.", EmailEvent),
    "email.complained": ("A reader called a mail spam.", EmailEvent),
    "email.opened": ("A mail was opened.", EmailEvent),
    "email.clicked": ("A link was followed.", EmailEvent),
    "campaign.scheduled": ("A campaign waits for its time.", CampaignEvent),
    "campaign.started": ("A campaign began, or went on after a pause.", CampaignEvent),
    "campaign.paused": ("A campaign stopped, by hand or by itself.", CampaignEvent),
    "campaign.finished": ("Nothing of a campaign waits any more.", CampaignEvent),
    "campaign.cancelled": ("Nothing more of a campaign is sent.", CampaignEvent),
    "import.completed": ("An import is over.", ImportEvent),
    "export.completed": ("An export is over.", ExportEvent),
    "webhook.test": ("Somebody pressed the button.", TestEvent),
}


def groups() -> dict[str, dict[str, str]]:
    """Return what can be asked for, by the word before the point: names and what they say."""
    grouped: dict[str, dict[str, str]] = {}
    for name, (words, _) in EVENTS.items():
        if name != "webhook.test":
            grouped.setdefault(name.partition(".")[0], {})[name] = words
    return grouped


def as_json(told: Shown) -> dict[str, Any]:
    """Return what is told as plain values."""
    return told.model_dump(mode="json")


for _name, (_words, _kind) in EVENTS.items():
    tells_webhooks(_name, _words, _kind)
