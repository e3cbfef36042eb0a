"""Sending a draft to oneself first, by the way that the real one will take."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from mailer.campaigns.launch import freeze_message
from mailer.campaigns.models import Campaign, TestGroup
from mailer.campaigns.words import design_of
from mailer.current import links
from mailer.db import db
from mailer.delivery.models import Delivery, MessageKind
from mailer.errors import Invalid
from mailer.jobs import DELIVER_TRANSACTIONAL, later
from mailer.lib.addresses import clean_address
from mailer.rendering.freeze import freeze

MOST_ADDRESSES: Final = 5
PREFIX: Final = "[Test] "


def send_test(
    campaign: Campaign,
    addresses: Iterable[str],
    *,
    reader: Mapping[str, Any],
    now: datetime,
    locale: str = "",
    groups: Iterable[TestGroup] = (),
) -> list[str]:
    """Mail a campaign as it is now to a few addresses; return them.

    :param reader: the merge values of the subscriber that it is filled in for
    :param groups: whose addresses get it as well
    :param locale: in which of its languages; empty for its own words
    :raises Invalid: an address or the content cannot be used
    """
    groups = list(groups)
    chosen = _checked(addresses, is_required=not groups)
    chosen = list(dict.fromkeys([*chosen, *(each for group in groups for each in group.addresses)]))
    if not campaign.from_email:
        raise Invalid("Say whom it is from first.", fields={"from_email": "Say whom it is from."})
    words = campaign.words_in(locale)
    if not words.subject:
        raise Invalid("Write a subject first.", fields={"subject": "Write a subject."})
    message = freeze_message(
        campaign, freeze(design_of(words)), kind=MessageKind.TRANSACTIONAL, subject_prefix=PREFIX
    )
    for address in chosen:
        delivery = Delivery(
            workspace_id=campaign.workspace_id,
            message_id=message.id,
            email=address,
            # A test must not unsubscribe the person whose values it shows.
            values={
                "subscriber": dict(reader),
                "unsubscribe_url": f"{links().base_url}/#unsubscribe-in-a-test",
                "preferences_url": f"{links().base_url}/#preferences-in-a-test",
            },
            next_try_at=now,
        )
        db.session.add(delivery)
        db.session.flush()
        later(DELIVER_TRANSACTIONAL)
    return chosen


def _checked(addresses: Iterable[str], *, is_required: bool) -> list[str]:
    chosen = list(dict.fromkeys(clean_address(address) for address in addresses if address.strip()))
    if not chosen and is_required:
        raise Invalid("Say where to send the test.", fields={"to": "Write at least one address."})
    if len(chosen) > MOST_ADDRESSES:
        sentence = f"A test goes to {MOST_ADDRESSES} addresses at most."
        raise Invalid(sentence, fields={"to": sentence})
    return chosen
