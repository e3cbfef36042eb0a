"""From a frozen message and one delivery to the bytes that cross the wire."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.orm import aliased

from mailer.audience.models import MailingList, Subscriber
from mailer.current import links
from mailer.delivery.domains import signers_for
from mailer.delivery.engine.dkim import sign_message
from mailer.delivery.engine.mime import Letter, ascii_domain, write
from mailer.delivery.engine.outcomes import Outcome, Verdict
from mailer.delivery.engine.ports import Envelope
from mailer.delivery.ledger import Claimed
from mailer.delivery.models import Delivery, Message, MessageKind
from mailer.errors import MailerError
from mailer.lib.ids import public_id
from mailer.rendering.design import Frozen
from mailer.rendering.merge import Rendered, Renderer, Tracking

log = logging.getLogger(__name__)


def merge_values(person: Subscriber | None, email: str) -> dict[str, Any]:
    """Return what a message can say about its reader."""
    if person is None:
        return {"name": "", "email": email, "locale": "", "time_zone": "", "fields": {}}
    return {
        "name": person.name,
        "email": person.email,
        "locale": person.locale,
        "time_zone": person.time_zone,
        "fields": dict(person.fields),
    }


#: A name of its own, since the gate's question looks at subscribers too.
Reader: Final = aliased(Subscriber, name="reader")
#: Read together with a claim; ``reader_of`` turns them into what a message can say.
READER_COLUMNS: Final[tuple[Any, ...]] = (
    Reader.name.label("reader_name"),
    Reader.email.label("reader_email"),
    Reader.locale.label("reader_locale"),
    Reader.time_zone.label("reader_time_zone"),
    Reader.fields.label("reader_fields"),
)
_READER_NAMES: Final = ("name", "email", "locale", "time_zone", "fields")


def reader_of(cells: Sequence[Any]) -> dict[str, Any]:
    """Return the merge values of one reader, from the cells of :data:`READER_COLUMNS`."""
    return dict(zip(_READER_NAMES, cells, strict=True))


class Composer:
    """Writes one message for as many deliveries as there are.

    :param list_ids: the lists that its campaign goes to, which its readers can leave
    """

    def __init__(self, message: Message, *, list_ids: Iterable[UUID] = ()) -> None:
        self._message = message
        self._list_ids = list(list_ids)
        self._links = links()
        self._host = urlsplit(self._links.base_url).hostname or "localhost"
        self._domain = ascii_domain(message.from_email).rpartition("@")[2]
        self._signers = signers_for(message.workspace_id, self._domain)
        self._renderer = None if message.kind is MessageKind.SYSTEM else Renderer(_frozen(message))

    def compose(
        self, delivery: Claimed, person: Mapping[str, Any] | None, *, now: datetime
    ) -> tuple[Envelope, bytes]:
        """Return a delivery's envelope and message.

        :raises Invalid: the message cannot be written for this recipient
        """
        message = self._message
        leave_url = self._leave_url(delivery)
        rendered = self.render(delivery, person)
        letter = Letter(
            from_name=message.from_name,
            from_email=message.from_email,
            reply_to=message.reply_to,
            to=delivery.email,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            message_id=message_id_of(delivery.id, self._domain),
            date=now,
            headers=list(self._headers(delivery, leave_url)),
        )
        envelope = Envelope(ascii_domain(message.from_email), ascii_domain(delivery.email))
        return envelope, self._signed(write(letter), now=now)

    def try_to_compose(
        self, delivery: Claimed, person: Mapping[str, Any] | None, *, now: datetime
    ) -> tuple[Envelope, bytes] | Outcome:
        """Return a delivery's envelope and message, or its outcome when there can be none."""
        try:
            return self.compose(delivery, person, now=now)
        except MailerError as error:
            return Outcome(Verdict.REJECTED, error.message)
        except Exception as error:
            # A bug of ours must neither block the others nor cost a subscriber: it is held and shown.
            log.exception("Delivery %s could not be composed.", delivery.id)
            return Outcome(Verdict.HELD, f"It could not be composed: {type(error).__name__}: {error}")

    def render(
        self, delivery: Claimed | Delivery, person: Mapping[str, Any] | None, *, has_pixel: bool = True
    ) -> Rendered:
        """Return what a delivery's reader sees.

        :raises Invalid: the message does not suit this reader's values
        """
        message = self._message
        if self._renderer is None:
            return Rendered(message.subject, message.html, message.text)
        values = self._values(delivery, person)
        if message.kind is not MessageKind.CAMPAIGN:
            return self._renderer.render(values)
        tracking = Tracking(
            link_url=lambda number: self._links.click_url(message.id, delivery.id, number),
            pixel_url=self._links.open_url(message.id, delivery.id) if has_pixel else "data:,",
        )
        return self._renderer.render(values, tracking)

    def _signed(self, written: bytes, *, now: datetime) -> bytes:
        head, _, body = written.partition(b"\r\n\r\n")
        return sign_message(self._signers, head, body, at=int(now.timestamp())) + written

    def _values(self, delivery: Claimed | Delivery, person: Mapping[str, Any] | None) -> dict[str, Any]:
        reader = delivery.subscriber_id
        return {
            **self._message.values,
            "subscriber": dict(person) if person is not None else merge_values(None, delivery.email),
            "unsubscribe_url": self._leave_url(delivery),
            "preferences_url": self._links.preferences_url(reader) if reader else "",
            "view_url": self._links.view_url(self._message.id, delivery.id),
            **(delivery.values or {}),
        }

    def _leave_url(self, delivery: Claimed | Delivery) -> str:
        if delivery.subscriber_id is None or delivery.campaign_id is None:
            return ""
        return self._links.leave_url(delivery.subscriber_id, delivery.id, self._list_ids)

    def _headers(self, delivery: Claimed, leave_url: str) -> Iterable[tuple[str, str]]:
        message = self._message
        if message.kind is MessageKind.SYSTEM:
            yield "Auto-Submitted", "auto-generated"
        if delivery.campaign_id is None:
            return
        if leave_url:
            yield "List-Unsubscribe", f"<{leave_url}>"
            yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
        if delivery.list_id is not None:
            yield "List-ID", f"<{public_id(MailingList.prefix, delivery.list_id)}.{self._host}>"
        campaign = public_id("cmp", delivery.campaign_id)
        workspace = public_id("wsp", delivery.workspace_id)
        yield "Feedback-ID", f"{campaign}:{workspace}:campaign:mailer"


def message_id_of(delivery_id: UUID, domain: str) -> str:
    """Return a delivery's Message-ID, which is the same for every try."""
    return f"{public_id(Delivery.prefix, delivery_id)}@{domain}"


def _frozen(message: Message) -> Frozen:
    return Frozen(subject=message.subject, html=message.html, text=message.text, links=list(message.links))
