"""What is asked of endpoints and of what they were told; the workspace is the first argument."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from mailer.db import db, owned
from mailer.errors import NotFound
from mailer.lib.ids import parse_id
from mailer.webhooks.models import Endpoint, Posting, PostingState, Try


def endpoints_of(workspace_id: UUID) -> Select[Endpoint]:
    """Return the select of a workspace's endpoints, not yet ordered."""
    return select(Endpoint).where(Endpoint.workspace_id == workspace_id)


def endpoint_by_id(workspace_id: UUID, public_id: str) -> Endpoint:
    """Return one of the workspace's endpoints.

    :raises NotFound: there is none with this id
    """
    return owned(Endpoint, workspace_id, public_id, otherwise="There is no such endpoint.")


def postings_of(endpoint: Endpoint, *, state: PostingState | None = None) -> Select[Posting]:
    """Return the select of what an endpoint was told, or is yet to be, not yet ordered."""
    query = select(Posting).where(Posting.endpoint_id == endpoint.id).options(joinedload(Posting.event))
    return query if state is None else query.where(Posting.state == state)


def posting_by_id(endpoint: Endpoint, public_id: str) -> Posting:
    """Return one thing that an endpoint was told.

    :raises NotFound: there is none with this id
    """
    found = db.session.scalar(postings_of(endpoint).where(Posting.id == parse_id(Posting.prefix, public_id)))
    if found is None:
        raise NotFound("There is no such delivery.")
    return found


def tries_of(posting: Posting) -> Sequence[Try]:
    """Return the requests that told an event, oldest first."""
    return db.session.scalars(select(Try).where(Try.posting_id == posting.id).order_by(Try.id)).all()


def counts_of(endpoints: Sequence[Endpoint]) -> dict[UUID, dict[PostingState, int]]:
    """Return how many postings of endpoints are in each state that somebody may look at: not delivered."""
    rows = db.session.execute(
        select(Posting.endpoint_id, Posting.state, func.count())
        .where(
            Posting.endpoint_id.in_([one.id for one in endpoints]), Posting.state != PostingState.DELIVERED
        )
        .group_by(Posting.endpoint_id, Posting.state)
    )
    counted: dict[UUID, dict[PostingState, int]] = {
        one.id: {PostingState.WAITING: 0, PostingState.FAILED: 0} for one in endpoints
    }
    for endpoint_id, state, count in rows:
        counted[endpoint_id][state] = count
    return counted
