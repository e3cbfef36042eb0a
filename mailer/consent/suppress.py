"""Addresses that must not be mailed: set down with a reason, taken back with another."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select

from mailer.bulk import is_among
from mailer.consent.models import LiftedSuppression, StreamSuppression, Suppression, SuppressionReason
from mailer.db import db, insert_missing, owned
from mailer.lib.addresses import address_key, clean_address
from mailer.lib.ids import uuid7
from mailer.lib.lines import clean_line


def suppress(
    workspace_id: UUID,
    email: str,
    reason: SuppressionReason,
    *,
    detail: str = "",
    actor_id: UUID | None = None,
    delivery_id: UUID | None = None,
) -> Suppression:
    """Stop all campaigns to an address, whoever it belongs to; the first reason stays.

    :param detail: such as the receiving server's words
    :raises Invalid: it is no address
    """
    key = address_key(clean_address(email))
    insert_missing(
        Suppression,
        [
            {
                "id": uuid7(),
                "workspace_id": workspace_id,
                "email_key": key,
                "reason": reason,
                "detail": detail.replace("\0", "")[:500],
                "actor_id": actor_id,
                "delivery_id": delivery_id,
            }
        ],
    )
    found = suppression_of(workspace_id, email)
    assert found is not None
    return found


def close_stream(
    workspace_id: UUID, stream: str, email: str, reason: SuppressionReason, *, detail: str = ""
) -> None:
    """Send an address nothing more of one stream of transactional messages; the first reason stays.

    :raises Invalid: it is no address, or no name of a stream
    """
    stream = clean_line(stream, label="The stream", longest=40, is_required=True)
    insert_missing(
        StreamSuppression,
        [
            {
                "id": uuid7(),
                "workspace_id": workspace_id,
                "stream": stream,
                "email_key": address_key(clean_address(email)),
                "reason": reason,
                "detail": detail.replace("\0", "")[:500],
            }
        ],
    )


def suppression_of(workspace_id: UUID, email: str) -> Suppression | None:
    """Return why an address must not be mailed, or None."""
    return db.session.scalar(
        select(Suppression).where(
            Suppression.workspace_id == workspace_id, Suppression.email_key == address_key(email)
        )
    )


def suppression_by_id(workspace_id: UUID, public_id: str) -> Suppression:
    """Return one of the workspace's suppressions.

    :raises NotFound: there is none with this id
    """
    return owned(
        Suppression,
        workspace_id,
        public_id,
        otherwise="There is no such suppression; perhaps it was lifted already.",
    )


def stream_suppression_by_id(workspace_id: UUID, public_id: str) -> StreamSuppression:
    """Return one of the workspace's suppressions of a stream.

    :raises NotFound: there is none with this id
    """
    return owned(
        StreamSuppression,
        workspace_id,
        public_id,
        otherwise="There is no such suppression; perhaps it was lifted already.",
    )


def lift_suppression(suppression: Suppression, *, words: str, actor_id: UUID | None) -> None:
    """Let an address be mailed again, in every stream too, and keep who allowed it and why.

    :raises Invalid: no reason is given
    """
    lift_suppressions([suppression], words=words, actor_id=actor_id)


def lift_suppressions(suppressions: Sequence[Suppression], *, words: str, actor_id: UUID | None) -> None:
    """Let several addresses of one workspace be mailed again, as :func:`lift_suppression` does one.

    :raises Invalid: no reason is given
    """
    if not suppressions:
        return
    for suppression in suppressions:
        _keep_lifting(suppression, suppression.detail, words, actor_id)
        db.session.delete(suppression)
    db.session.execute(
        delete(StreamSuppression).where(
            StreamSuppression.workspace_id == suppressions[0].workspace_id,
            is_among(StreamSuppression.email_key, [each.email_key for each in suppressions]),
        )
    )
    db.session.flush()


def open_stream(suppression: StreamSuppression, *, words: str, actor_id: UUID | None) -> None:
    """Let an address get one stream again, and keep who allowed it and why.

    :raises Invalid: no reason is given
    """
    about = f"The stream “{suppression.stream}” only. {suppression.detail}".strip()[:500]
    _keep_lifting(suppression, about, words, actor_id)
    db.session.delete(suppression)
    db.session.flush()


def _keep_lifting(
    suppression: Suppression | StreamSuppression, detail: str, words: str, actor_id: UUID | None
) -> None:
    words = clean_line(words, label="The reason", longest=500, is_required=True)
    db.session.add(
        LiftedSuppression(
            workspace_id=suppression.workspace_id,
            email_key=suppression.email_key,
            reason=suppression.reason,
            detail=detail,
            suppressed_at=suppression.created_at,
            words=words,
            actor_id=actor_id,
        )
    )
