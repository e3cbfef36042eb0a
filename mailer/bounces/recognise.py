"""Which delivery a mail that came back is about, and how sure that is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from mailer.bounces.models import Trust
from mailer.current import settings
from mailer.db import db
from mailer.delivery.models import Delivery
from mailer.lib.ids import parse_id
from mailer.lib.return_paths import Purpose, ReturnPaths, ReturnToken

#: A token that is older proves nothing: whoever finds one in an archive must not stop anybody's mail.
_TOKENS_LAST: Final = timedelta(days=60)
_LOOK_BACK: Final = timedelta(days=30)


@dataclass(frozen=True)
class Recognised:
    """A delivery that something came back for.

    :param delivery: none when only the address is known
    """

    delivery: Delivery | None
    trust: Trust
    purpose: Purpose | None = None


def token_in(texts: Iterable[str]) -> ReturnToken | None:
    """Return the first signed token in some addresses."""
    paths = ReturnPaths(settings().secret_key)
    return next((token for token in map(paths.read, texts) if token is not None), None)


def by_token(token: ReturnToken, *, now: datetime) -> Recognised | None:
    """Return the delivery that a token names, unless the token is too old to prove anything.

    A wish to leave is honoured for as long as the delivery is known.
    """
    delivery = db.session.get(Delivery, token.delivery_id)
    if delivery is None:
        return None
    if token.purpose is Purpose.BOUNCE and now - delivery.created_at > _TOKENS_LAST:
        return None
    return Recognised(delivery, Trust.TOKEN, token.purpose)


def by_message_id(ids: Sequence[str], *, workspace_id: UUID | None) -> Recognised | None:
    """Return the delivery whose Message-ID a mail names."""
    for message_id in ids[:20]:
        delivery_id = parse_id(Delivery.prefix, message_id.partition("@")[0])
        delivery = db.session.get(Delivery, delivery_id) if delivery_id is not None else None
        if delivery is not None and workspace_id in (None, delivery.workspace_id):
            return Recognised(delivery, Trust.MESSAGE_ID)
    return None


def by_address(email: str, *, workspace_id: UUID, trust: Trust, now: datetime) -> Recognised:
    """Return the last delivery to an address, if there was one lately."""
    delivery = db.session.scalar(
        select(Delivery)
        .where(
            Delivery.workspace_id == workspace_id,
            Delivery.subscriber_id.is_not(None),
            func.lower(Delivery.email) == email.lower(),
            Delivery.created_at > now - _LOOK_BACK,
        )
        .order_by(Delivery.id.desc())
        .limit(1)
    )
    return Recognised(delivery, trust)
