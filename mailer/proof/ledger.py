"""The product's own account of its deliveries, read from its tables by someone outside."""

from collections import Counter
from datetime import datetime
from uuid import UUID

from sqlalchemy import create_engine, func, select
from sqlalchemy.pool import NullPool

from mailer.audience.models import MailingList, Subscriber, Subscription
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.consent.models import Suppression, SuppressionReason, UnsealedRecord
from mailer.delivery.models import Delivery, DeliveryCount, DeliveryState
from mailer.lib.ids import parse_id
from mailer.proof.verdict import Row
from mailer.sqlite import READ_ONLY


class Ledger:
    """Reads one installation's deliveries; each question has a connection of its own."""

    def __init__(self, database_url: str) -> None:
        # None is kept, since the server may be killed between two questions; and none
        # asks for SQLite's one place to write, which the senders want.
        self._engine = create_engine(database_url, poolclass=NullPool, execution_options={READ_ONLY: True})

    def recorded(self, campaign_id: UUID) -> int:
        """Return how many of a campaign's outcomes are recorded: cheap enough to ask all the time."""
        query = select(func.coalesce(func.sum(DeliveryCount.count), 0)).where(
            DeliveryCount.campaign_id == campaign_id, DeliveryCount.state != DeliveryState.PREPARED
        )
        with self._engine.connect() as connection:
            return int(connection.scalar(query) or 0)

    def status(self, campaign_id: UUID) -> CampaignStatus | None:
        """Return where a campaign stands."""
        with self._engine.connect() as connection:
            return connection.scalar(select(Campaign.status).where(Campaign.id == campaign_id))

    def states(self, campaign_id: UUID) -> Counter[DeliveryState]:
        """Count a campaign's deliveries by state, row by row."""
        query = (
            select(Delivery.state, func.count())
            .where(Delivery.campaign_id == campaign_id)
            .group_by(Delivery.state)
        )
        with self._engine.connect() as connection:
            return Counter({state: int(number) for state, number in connection.execute(query)})

    def counts(self, campaign_id: UUID) -> Counter[DeliveryState]:
        """Return how many deliveries a campaign's pages say are in each state."""
        query = (
            select(DeliveryCount.state, func.sum(DeliveryCount.count))
            .where(DeliveryCount.campaign_id == campaign_id)
            .group_by(DeliveryCount.state)
        )
        with self._engine.connect() as connection:
            return Counter({state: int(number) for state, number in connection.execute(query)})

    def rows(self, campaign_id: UUID) -> list[Row]:
        """Return a campaign's deliveries."""
        query = select(Delivery.email, Delivery.state, Delivery.skip_reason).where(
            Delivery.campaign_id == campaign_id
        )
        with self._engine.connect() as connection:
            return [Row(*row) for row in connection.execute(query)]

    def unsealed(self) -> int:
        """Return how many consent records wait for their seal."""
        with self._engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(UnsealedRecord)) or 0

    def on_list(self, mailing_list: str) -> list[str]:
        """Return the addresses of everybody on a list.

        :param mailing_list: its id as programs see it
        """
        query = (
            select(Subscriber.email)
            .join(Subscription, Subscription.subscriber_id == Subscriber.id)
            .where(Subscription.list_id == parse_id(MailingList.prefix, mailing_list))
            .order_by(Subscriber.email)
        )
        with self._engine.connect() as connection:
            return list(connection.scalars(query))

    def bounced(self) -> set[str]:
        """Return the addresses that were suppressed because a server called them dead."""
        query = select(Suppression.email_key).where(Suppression.reason == SuppressionReason.HARD_BOUNCE)
        with self._engine.connect() as connection:
            return set(connection.scalars(query))

    def waits_alone(self, since: datetime) -> list[float | None]:
        """Return the seconds until messages of no campaign were accepted; None for what still waits."""
        query = (
            select(Delivery.created_at, Delivery.ended_at)
            .where(Delivery.campaign_id.is_(None), Delivery.created_at >= since)
            .order_by(Delivery.id)
        )
        with self._engine.connect() as connection:
            return [
                (ended_at - created_at).total_seconds() if ended_at else None
                for created_at, ended_at in connection.execute(query)
            ]
