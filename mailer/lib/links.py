"""The links in a mail: each carries one sealed token, never an address and never a place to redirect to.

A token is bound to its purpose, so that one from a pixel cannot unsubscribe anybody.
The one for unsubscribing names everything that the act needs, so that it works years
later, whatever became of the campaign.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from mailer.lib.secrets import Seal, derive_key

_ID_BYTES: Final = 16
#: One spelling for each number.
_NUMBER: Final = re.compile(r"(0|[1-9][0-9]{0,4})\Z", re.ASCII)
#: More would make the List-Unsubscribe line longer than the 998 octets of RFC 5322 2.1.1.
_MOST_LISTS: Final = 12


@dataclass(frozen=True)
class ClickToken:
    """A followed link: which of the message's, and by whom."""

    message_id: UUID
    delivery_id: UUID
    link_number: int


@dataclass(frozen=True)
class DeliveryToken:
    """A delivery, for its pixel and its view in the browser."""

    message_id: UUID
    delivery_id: UUID


@dataclass(frozen=True)
class LeaveToken:
    """A wish to leave; without lists it means every list of the subscriber's workspace."""

    subscriber_id: UUID
    delivery_id: UUID
    list_ids: tuple[UUID, ...]


class Links:
    """Makes the links of one installation and reads their tokens back.

    :param base_url: how the world reaches this Mailer, without a slash at the end
    """

    def __init__(self, *, base_url: str, secret_key: str) -> None:
        self._begin_with(base_url)
        self._seals = {
            purpose: Seal(derive_key(secret_key, f"link-{purpose}"))
            for purpose in ("mail", "view", "leave", "preferences", "confirm")
        }

    def at(self, host: str) -> "Links":
        """Return what makes the same links at another host that leads here; tokens hold at both."""
        made = copy(self)
        made._begin_with(f"{urlsplit(self.base_url).scheme}://{host}")
        return made

    def of_message(self, message_id: UUID, list_ids: Sequence[UUID]) -> "MessageLinks":
        """Return what makes the tokens of one message's mails.

        :param list_ids: the lists that its readers can leave
        """
        return MessageLinks(self._seals, message_id, list_ids)

    def click_url(self, message_id: UUID, delivery_id: UUID, link_number: int) -> str:
        """Return the link that counts a click and leads on to the message's numbered link.

        The number is not sealed: whoever changes it comes to another link of the same mail.
        """
        return f"{self.click_prefix}{self._mail_token(message_id, delivery_id)}.{link_number}"

    def read_click(self, text: str) -> ClickToken | None:
        """Return what a click's token and number say, or None when they are not ours."""
        token, _, number = text.rpartition(".")
        payload = self._seals["mail"].payload_of(token)
        if payload is None or len(payload) != 2 * _ID_BYTES or not _NUMBER.match(number):
            return None
        message_id, delivery_id = _ids(payload)
        return ClickToken(message_id, delivery_id, int(number))

    def open_url(self, message_id: UUID, delivery_id: UUID) -> str:
        """Return the pixel's address."""
        return f"{self.open_prefix}{self._mail_token(message_id, delivery_id)}.gif"

    def read_open(self, token: str) -> DeliveryToken | None:
        """Return what a pixel's token says, or None when it is not ours."""
        return self._read_delivery("mail", token)

    def read_view(self, token: str) -> DeliveryToken | None:
        """Return what a view's token says, or None when it is not ours."""
        return self._read_delivery("view", token)

    def read_leave(self, token: str) -> LeaveToken | None:
        """Return what a token for unsubscribing says, or None when it is not ours."""
        payload = self._seals["leave"].payload_of(token)
        if payload is None or len(payload) % _ID_BYTES or len(payload) < 2 * _ID_BYTES:
            return None
        subscriber_id, delivery_id, *list_ids = _ids(payload)
        return LeaveToken(subscriber_id, delivery_id, tuple(list_ids))

    def preferences_url(self, subscriber_id: UUID) -> str:
        """Return the address of a subscriber's preference page."""
        return f"{self.preferences_prefix}{self._seals['preferences'](subscriber_id.bytes)}"

    def read_preferences(self, token: str) -> UUID | None:
        """Return the subscriber whose preference page this is, or None."""
        return self._read_one("preferences", token)

    def confirm_url(self, subscription_id: UUID) -> str:
        """Return the address where a subscription is confirmed."""
        return f"{self.base_url}/confirm/{self._seals['confirm'](subscription_id.bytes)}"

    def read_confirm(self, token: str) -> UUID | None:
        """Return the subscription to confirm, or None."""
        return self._read_one("confirm", token)

    def _begin_with(self, base_url: str) -> None:
        self.base_url = base_url
        #: How addresses begin; a token follows, and after it only what counts needs more.
        self.click_prefix = f"{base_url}/c/"
        self.open_prefix = f"{base_url}/o/"
        self.view_prefix = f"{base_url}/v/"
        self.leave_prefix = f"{base_url}/u/"
        self.preferences_prefix = f"{base_url}/p/"

    def _mail_token(self, message_id: UUID, delivery_id: UUID) -> str:
        return self.of_message(message_id, ()).mail_token(delivery_id.bytes)

    def _read_delivery(self, purpose: str, token: str) -> DeliveryToken | None:
        payload = self._seals[purpose].payload_of(token)
        if payload is None or len(payload) != 2 * _ID_BYTES:
            return None
        return DeliveryToken(*_ids(payload))

    def _read_one(self, purpose: str, token: str) -> UUID | None:
        payload = self._seals[purpose].payload_of(token)
        return UUID(bytes=payload) if payload is not None and len(payload) == _ID_BYTES else None


class MessageLinks:
    """Makes the tokens of one message's mails; what all of them have in common is worked out once.

    Ids are given as their 16 bytes.
    """

    def __init__(self, seals: Mapping[str, Seal], message_id: UUID, list_ids: Sequence[UUID]) -> None:
        self._message = message_id.bytes
        # None of them named means all of them.
        self._lists = b"" if len(list_ids) > _MOST_LISTS else b"".join([each.bytes for each in list_ids])
        self._mail, self._view, self._leave = seals["mail"], seals["view"], seals["leave"]
        #: Of a subscriber's preference page.
        self.preferences_token: Callable[[bytes], str] = seals["preferences"]

    def mail_token(self, delivery: bytes) -> str:
        """Return what the pixel and all links of one mail have in common, sealed once."""
        return self._mail(self._message + delivery)

    def view_token(self, delivery: bytes) -> str:
        """Return the token of one mail as a page."""
        return self._view(self._message + delivery)

    def leave_token(self, subscriber: bytes, delivery: bytes) -> str:
        """Return the token that unsubscribes from the message's lists.

        GET at its address shows a page with a button, POST acts (RFC 8058).
        """
        return self._leave(subscriber + delivery + self._lists)


def _ids(payload: bytes) -> list[UUID]:
    return [UUID(bytes=payload[start : start + _ID_BYTES]) for start in range(0, len(payload), _ID_BYTES)]
