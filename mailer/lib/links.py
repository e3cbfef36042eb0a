"""The links in a mail: each carries one sealed token, never an address and never a place to redirect to.

A token is bound to its purpose, so that one from a pixel cannot unsubscribe anybody.
The one for unsubscribing names everything that the act needs, so that it works years
later, whatever became of the campaign.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from mailer.lib.secrets import derive_key, seal, unseal

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
        self.base_url = base_url
        self._keys = {
            purpose: derive_key(secret_key, f"link-{purpose}")
            for purpose in ("mail", "view", "leave", "preferences", "confirm")
        }
        #: How addresses begin; a token follows, and after it only what counts needs more.
        self.click_prefix = f"{base_url}/c/"
        self.open_prefix = f"{base_url}/o/"
        self.view_prefix = f"{base_url}/v/"
        self.leave_prefix = f"{base_url}/u/"
        self.preferences_prefix = f"{base_url}/p/"

    def mail_token(self, message_id: UUID, delivery_id: UUID) -> str:
        """Return what the pixel and all links of one mail have in common, sealed once."""
        return seal(self._keys["mail"], message_id.bytes + delivery_id.bytes)

    def click_url(self, message_id: UUID, delivery_id: UUID, link_number: int) -> str:
        """Return the link that counts a click and leads on to the message's numbered link.

        The number is not sealed: whoever changes it comes to another link of the same mail.
        """
        return f"{self.click_prefix}{self.mail_token(message_id, delivery_id)}.{link_number}"

    def read_click(self, text: str) -> ClickToken | None:
        """Return what a click's token and number say, or None when they are not ours."""
        token, _, number = text.rpartition(".")
        mail = self._read_delivery("mail", token)
        if mail is None or not _NUMBER.match(number):
            return None
        return ClickToken(mail.message_id, mail.delivery_id, int(number))

    def open_url(self, message_id: UUID, delivery_id: UUID) -> str:
        """Return the pixel's address."""
        return f"{self.open_prefix}{self.mail_token(message_id, delivery_id)}.gif"

    def read_open(self, token: str) -> DeliveryToken | None:
        """Return what a pixel's token says, or None when it is not ours."""
        return self._read_delivery("mail", token)

    def view_url(self, message_id: UUID, delivery_id: UUID) -> str:
        """Return the address of the mail as a page."""
        return f"{self.view_prefix}{self.view_token(message_id, delivery_id)}"

    def view_token(self, message_id: UUID, delivery_id: UUID) -> str:
        """Return the token of :meth:`view_url`."""
        return seal(self._keys["view"], message_id.bytes + delivery_id.bytes)

    def read_view(self, token: str) -> DeliveryToken | None:
        """Return what a view's token says, or None when it is not ours."""
        return self._read_delivery("view", token)

    def leave_url(self, subscriber_id: UUID, delivery_id: UUID, list_ids: Sequence[UUID]) -> str:
        """Return the address that unsubscribes from the lists that a campaign went to.

        GET shows a page with a button, POST acts (RFC 8058).
        """
        return f"{self.leave_prefix}{self.leave_token(subscriber_id, delivery_id, list_ids)}"

    def leave_token(self, subscriber_id: UUID, delivery_id: UUID, list_ids: Sequence[UUID]) -> str:
        """Return the token of :meth:`leave_url`."""
        named = () if len(list_ids) > _MOST_LISTS else list_ids
        payload = b"".join([part.bytes for part in (subscriber_id, delivery_id, *named)])
        return seal(self._keys["leave"], payload)

    def read_leave(self, token: str) -> LeaveToken | None:
        """Return what a token for unsubscribing says, or None when it is not ours."""
        payload = unseal(self._keys["leave"], token)
        if payload is None or len(payload) % _ID_BYTES or len(payload) < 2 * _ID_BYTES:
            return None
        subscriber_id, delivery_id, *list_ids = _ids(payload)
        return LeaveToken(subscriber_id, delivery_id, tuple(list_ids))

    def preferences_url(self, subscriber_id: UUID) -> str:
        """Return the address of a subscriber's preference page."""
        return f"{self.preferences_prefix}{self.preferences_token(subscriber_id)}"

    def preferences_token(self, subscriber_id: UUID) -> str:
        """Return the token of :meth:`preferences_url`."""
        return seal(self._keys["preferences"], subscriber_id.bytes)

    def read_preferences(self, token: str) -> UUID | None:
        """Return the subscriber whose preference page this is, or None."""
        return self._read_one("preferences", token)

    def confirm_url(self, subscription_id: UUID) -> str:
        """Return the address where a subscription is confirmed."""
        return f"{self.base_url}/confirm/{seal(self._keys['confirm'], subscription_id.bytes)}"

    def read_confirm(self, token: str) -> UUID | None:
        """Return the subscription to confirm, or None."""
        return self._read_one("confirm", token)

    def _read_delivery(self, purpose: str, token: str) -> DeliveryToken | None:
        payload = unseal(self._keys[purpose], token)
        if payload is None or len(payload) != 2 * _ID_BYTES:
            return None
        return DeliveryToken(*_ids(payload))

    def _read_one(self, purpose: str, token: str) -> UUID | None:
        payload = unseal(self._keys[purpose], token)
        return UUID(bytes=payload) if payload is not None and len(payload) == _ID_BYTES else None


def _ids(payload: bytes) -> list[UUID]:
    return [UUID(bytes=payload[start : start + _ID_BYTES]) for start in range(0, len(payload), _ID_BYTES)]
