"""What a request says of whoever acts, as their consent record keeps it."""

from uuid import UUID

from flask import request

from mailer.consent.models import Channel, Evidence


def evidence_of_request(
    via: Channel, *, words: str = "", actor_id: UUID | None = None, delivery_id: UUID | None = None
) -> Evidence:
    """Return the evidence that this request leaves.

    :param words: exactly what was shown, or the basis that a member of staff stated
    """
    return Evidence(
        via,
        words=words,
        locale=request.accept_languages.best or "",
        ip=request.remote_addr or "",
        user_agent=request.user_agent.string,
        actor_id=actor_id,
        delivery_id=delivery_id,
    )
