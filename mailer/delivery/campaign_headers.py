"""The header fields that a campaign's mail has beside those of every message.

They let its reader leave (RFC 2369, RFC 8058), and tell receivers which list and which
campaign it is of (RFC 2919, and Gmail's Feedback-ID).
"""

from urllib.parse import urlsplit
from uuid import UUID

from mailer.audience.models import MailingList
from mailer.delivery.engine.header_fields import header
from mailer.delivery.leave_header import LeaveHeader
from mailer.delivery.ledger import Claimed
from mailer.delivery.return_addresses import ReturnAddresses
from mailer.lib.ids import public_id
from mailer.lib.links import Links


class CampaignHeaders:
    """Writes them for one delivery after another.

    :param workspace_id: whose campaigns they are
    """

    def __init__(self, links: Links, *, workspace_id: UUID, return_addresses: ReturnAddresses) -> None:
        self._workspace = public_id("wsp", workspace_id)
        self._host = urlsplit(links.base_url).hostname or "localhost"
        self._leave_header = LeaveHeader(links.leave_prefix)
        self._return_addresses = return_addresses
        #: Of the last list and the last campaign: nearly always those of the next mail.
        self._list: tuple[UUID | None, str] = (None, "")
        self._feedback: tuple[UUID | None, str] = (None, "")

    def lines(self, delivery: Claimed, campaign_id: UUID, leave_token: str) -> str:
        """Return a delivery's fields.

        :param leave_token: by which its reader leaves; empty for who is no subscriber any more
        :raises Invalid: a line would be longer than one may be
        """
        leave = ""
        if leave_token:
            leave = self._leave_header.lines(leave_token, self._return_addresses.of_leaving(delivery.id))
        return f"{self._feedback_id(campaign_id)}{leave}{self._list_id(delivery.list_id)}"

    def _list_id(self, list_id: UUID | None) -> str:
        if self._list[0] is not list_id:
            name = f"<{public_id(MailingList.prefix, list_id)}.{self._host}>" if list_id is not None else ""
            self._list = list_id, header("List-ID", name) if name else ""
        return self._list[1]

    def _feedback_id(self, campaign_id: UUID) -> str:
        if self._feedback[0] is not campaign_id:
            words = f"{public_id('cmp', campaign_id)}:{self._workspace}:campaign:mailer"
            self._feedback = campaign_id, header("Feedback-ID", words)
        return self._feedback[1]
