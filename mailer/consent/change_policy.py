"""Deciding what is kept of where people were, and how often they are mailed at most."""

from uuid import UUID

from mailer.consent.models import AddressDetail, ConsentPolicy
from mailer.consent.record import policy_of
from mailer.db import db
from mailer.errors import Invalid


def change_policy(
    workspace_id: UUID,
    *,
    address_detail: AddressDetail,
    address_days: int | None,
    most_per_day: int | None,
    most_per_week: int | None,
) -> ConsentPolicy:
    """Change a workspace's policy; how addresses are kept counts for records from now on.

    :raises Invalid: a number makes no sense
    """
    numbers = {"address_days": address_days, "most_per_day": most_per_day, "most_per_week": most_per_week}
    wrong = {
        name: "Write a number from 1 to 3650, or leave it empty."
        for name, value in numbers.items()
        if value is not None and not 1 <= value <= 3650
    }
    if most_per_day and most_per_week and most_per_week < most_per_day:
        wrong["most_per_week"] = "A week cannot have fewer mails than one of its days."
    if wrong:
        raise Invalid(next(iter(wrong.values())), fields=wrong)
    policy = policy_of(workspace_id)
    policy.address_detail = address_detail
    policy.address_days, policy.most_per_day, policy.most_per_week = address_days, most_per_day, most_per_week
    db.session.add(policy)
    db.session.flush()
    return policy
