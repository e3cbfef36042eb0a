"""From a frozen message and one delivery to the bytes that cross the wire."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import aliased

from mailer.audience.models import Subscriber
from mailer.current import links
from mailer.delivery.blanks import Blanks
from mailer.delivery.campaign_headers import CampaignHeaders
from mailer.delivery.domains import Identity, identity_of
from mailer.delivery.engine.dkim import sign_message
from mailer.delivery.engine.enclosures import Enclosure
from mailer.delivery.engine.header_fields import header, mailboxes_header, text_header
from mailer.delivery.engine.mime import FormLetter
from mailer.delivery.engine.outcomes import Outcome, Verdict
from mailer.delivery.engine.ports import Envelope
from mailer.delivery.ledger import Claimed
from mailer.delivery.models import Delivery, Message, MessageKind
from mailer.delivery.readers import RARE_NAMES
from mailer.delivery.return_addresses import ReturnAddresses
from mailer.errors import MailerError
from mailer.lib.addresses import ascii_domain
from mailer.lib.ids import public_id
from mailer.lib.links import Links
from mailer.rendering.design import Frozen
from mailer.rendering.flatten import Address, Addresses, Fixed
from mailer.rendering.language import LINK_URL, PIXEL_URL, names_in
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


#: Whom a delivery is for; the gate is asked about the same row.
Reader: Final = aliased(Subscriber, name="reader")
#: Read together with a claim; ``reader_of`` turns them into what a message can say.
READER_COLUMNS: Final[tuple[Any, ...]] = (
    Reader.name.label("reader_name"),
    Reader.email.label("reader_email"),
    Reader.locale.label("reader_locale"),
    Reader.time_zone.label("reader_time_zone"),
    Reader.fields.label("reader_fields"),
)


def reader_of(name: str, email: str, locale: str, time_zone: str, fields: Any) -> dict[str, Any]:
    """Return the merge values of one reader, from the cells of :data:`READER_COLUMNS`."""
    return {"name": name, "email": email, "locale": locale, "time_zone": time_zone, "fields": fields}


class Composer:
    """Writes one message for as many deliveries as there are.

    :param list_ids: the lists that its campaign goes to, which its readers can leave
    :param identify: tells as what a workspace's mail from a domain appears; for whoever remembers it
    """

    def __init__(
        self,
        message: Message,
        *,
        list_ids: Iterable[UUID] = (),
        identify: Callable[[UUID, str], Identity] = identity_of,
    ) -> None:
        self._message = message
        self._links = links()
        #: Of clicks, pixels and views. What lets people leave stays with us, whatever becomes of that host.
        self._mail_links = self._links
        self._made = self._links.of_message(message.id, list(list_ids))
        # Read once: each look at a column goes through the ORM.
        self._is_campaign = message.kind is MessageKind.CAMPAIGN
        self._is_tracked = self._is_campaign or message.is_tracked
        self._as_it_is = message.subject, [message.html], [message.in_words]
        self._own_values: dict[str, Any] = dict(message.values)
        if not self._is_tracked:
            self._own_values |= {LINK_URL: message.links.__getitem__, PIXEL_URL: ""}
        sender = ascii_domain(message.from_email)
        #: Of the From address, as an A-label.
        self.from_domain = sender.rpartition("@")[2]
        identity = identify(message.workspace_id, self.from_domain)
        self._signers = identity.signers
        if self._is_tracked and identity.tracking_host:
            self._mail_links = self._links.at(identity.tracking_host)
        #: Bounces come back there.
        self._return_addresses = ReturnAddresses(sender, identity.return_path)
        self._campaign_headers = CampaignHeaders(
            self._links, workspace_id=message.workspace_id, return_addresses=self._return_addresses
        )
        self._names: frozenset[str] = frozenset()
        self._renderer: Renderer | None = None
        self._blanks: Blanks | None = None
        if message.kind is not MessageKind.SYSTEM and not message.is_literal:
            # What nobody reads is not made: each address has a seal of its own.
            self._names = frozenset().union(*map(names_in, (message.subject, message.html, message.in_words)))
            self._renderer = self._renderer_of(message)
            if self._renderer.form is not None:
                self._blanks = Blanks(self._renderer.form)
        #: What the message says of its reader that takes another query (``readers``).
        self.rare_names = self._names & RARE_NAMES
        self._form = _form_letter(message, self._renderer, self._blanks)

    def compose(
        self, delivery: Claimed, person: Mapping[str, Any] | None, *, now: datetime
    ) -> tuple[Envelope, bytes]:
        """Return a delivery's envelope and message.

        :raises Invalid: the message cannot be written for this recipient
        """
        values = self._values(delivery, person)
        subject, html, text = self._as_it_is
        lines: list[bytes] | None = None
        if self._blanks is not None:
            subject, lines = self._blanks.fill(values)
        elif self._renderer is not None:
            subject, html, text = self._renderer.pieces(values)
        own_headers = ""
        if delivery.campaign_id is not None:
            own_headers = self._campaign_headers.lines(delivery, delivery.campaign_id, values["leave_token"])
        head = self._form.head(
            to=delivery.email,
            subject=subject,
            message_id=message_id_of(delivery.id, self.from_domain),
            date=now,
            headers=own_headers,
        )
        body = self._form.write(text, html) if lines is None else self._form.fill(lines)
        envelope = Envelope(self._return_addresses.of_bounces(delivery.id), ascii_domain(delivery.email))
        return envelope, b"".join((self._signed(head, body, now=now), head, b"\r\n", body))

    def _signed(self, head: bytes, body: bytes, *, now: datetime) -> bytes:
        if not self._signers:
            return b""
        return sign_message(self._signers, head, body, at=int(now.timestamp()))

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
            return Rendered(message.subject, message.html, message.in_words)
        tracking = Tracking(
            link_url=lambda number: self._mail_links.click_url(message.id, delivery.id, number),
            pixel_url=self._mail_links.open_url(message.id, delivery.id) if has_pixel else "data:,",
        )
        values = self._values(delivery, person)
        return Renderer(_frozen(message)).render(values, tracking)

    def _values(self, delivery: Claimed | Delivery, person: Mapping[str, Any] | None) -> dict[str, Any]:
        values, names, made = self._own_values.copy(), self._names, self._made
        values["subscriber"] = person if person is not None else merge_values(None, delivery.email)
        values["unsubscribe_url"] = values["leave_token"] = ""
        own = delivery.id.bytes
        if self._is_tracked:
            values["mail_token"] = made.mail_token(own)
        if delivery.subscriber_id is not None:
            reader = delivery.subscriber_id.bytes
            if delivery.campaign_id is not None:
                token = values["leave_token"] = made.leave_token(reader, own)
                values["unsubscribe_url"] = self._links.leave_prefix + token
            if "preferences_url" in names:
                token = values["preferences_token"] = made.preferences_token(reader)
                values["preferences_url"] = self._links.preferences_prefix + token
        if "view_url" in names:
            token = values["view_token"] = made.view_token(own)
            values["view_url"] = self._mail_links.view_prefix + token
        return values if delivery.values is None else values | delivery.values

    def _renderer_of(self, message: Message) -> Renderer:
        return Renderer(
            _frozen(message),
            addresses=_addresses(self._links, self._mail_links) if self._is_tracked else (),
            fixed=_fixed(message.values) if self._is_campaign else (),
        )


def _form_letter(message: Message, renderer: Renderer | None, blanks: Blanks | None) -> FormLetter:
    return FormLetter(
        from_name=message.from_name,
        from_email=message.from_email,
        reply_to=message.reply_to,
        boundary=message.id.hex,
        has_html=bool(message.html),
        constants=renderer.constants if renderer is not None and blanks is None else frozenset(),
        layouts=blanks.layouts if blanks is not None else None,
        headers=_own_headers(message),
        addressed=_addressed(message),
        enclosures=[
            Enclosure(each.name, each.content_type, each.content, each.content_id)
            for each in (message.attachments if message.attachment_count else ())
        ],
    )


def _own_headers(message: Message) -> str:
    """Return the header fields that a message has whoever reads it."""
    lines = header("Auto-Submitted", "auto-generated") if message.kind is MessageKind.SYSTEM else ""
    if message.stream:
        # By stream, so that receivers that count complaints (Gmail) count them apart.
        workspace = public_id("wsp", message.workspace_id)
        lines += header("Feedback-ID", f"{message.stream}:{workspace}:transactional:mailer")
    return lines + "".join(text_header(name, value) for name, value in message.headers or ())


def _addressed(message: Message) -> str:
    """Return the fields that say whom a message is to, where that is more than its reader."""
    named = message.mailboxes or {}
    fields = (("To", "to"), ("Cc", "cc"), ("Reply-To", "reply_to"))
    return "".join(mailboxes_header(name, named[key]) for name, key in fields if named.get(key))


def _addresses(made: Links, of_mail: Links) -> Addresses:
    return (
        (LINK_URL, Address(of_mail.click_prefix, "mail_token", ".")),
        (PIXEL_URL, Address(of_mail.open_prefix, "mail_token", ".gif")),
        ("unsubscribe_url", Address(made.leave_prefix, "leave_token")),
        ("preferences_url", Address(made.preferences_prefix, "preferences_token")),
        ("view_url", Address(of_mail.view_prefix, "view_token")),
    )


def _fixed(values: Mapping[str, Any]) -> Fixed:
    """Return a message's own values, which are texts in one mapping for each noun."""
    return tuple(
        (f"{noun}.{name}", value)
        for noun, named in values.items()
        for name, value in named.items()
        if isinstance(value, str)
    )


def message_id_of(delivery_id: UUID, domain: str) -> str:
    """Return a delivery's Message-ID, which is the same for every try."""
    return f"{public_id(Delivery.prefix, delivery_id)}@{domain}"


def _frozen(message: Message) -> Frozen:
    return Frozen(
        subject=message.subject, html=message.html, text=message.in_words, links=list(message.links)
    )
