"""Which of its lists' people a campaign goes to: those in some segments, without those in others."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, not_, or_, select

from mailer import signals
from mailer.audience.models import Subscriber, Subscription
from mailer.campaigns.models import Campaign, CampaignSegment
from mailer.db import db
from mailer.delivery.models import Run
from mailer.errors import Conflict
from mailer.lib.ids import public_id
from mailer.segments.asked import Asked
from mailer.segments.conditions import Group, Match, read_tree
from mailer.segments.models import Segment
from mailer.segments.queries import segment_by_id
from mailer.segments.to_sql import clause_of


def narrow(campaign: Campaign, *, included: Iterable[str], excluded: Iterable[str]) -> None:
    """Say which segments a draft goes to, and which it leaves out.

    :param included: public ids; none means everybody on its lists
    :raises Conflict: it was launched
    :raises NotFound: a segment is not the workspace's
    """
    if not campaign.is_editable:
        raise Conflict(f"This campaign is {campaign.status}; whom it goes to can no longer change.")
    db.session.execute(delete(CampaignSegment).where(CampaignSegment.campaign_id == campaign.id))
    chosen = {**dict.fromkeys(included, False), **dict.fromkeys(excluded, True)}
    for named, is_excluded in chosen.items():
        segment = segment_by_id(campaign.workspace_id, named)
        db.session.add(
            CampaignSegment(campaign_id=campaign.id, segment_id=segment.id, is_excluded=is_excluded)
        )
    db.session.flush()


def chosen_segments(campaign: Campaign) -> dict[UUID, bool]:
    """Return the segments that a campaign is about: id → whether it leaves them out."""
    rows = db.session.scalars(select(CampaignSegment).where(CampaignSegment.campaign_id == campaign.id))
    return {row.segment_id: row.is_excluded for row in rows}


def chosen_ids(campaign: Campaign, *, is_excluded: bool) -> list[str]:
    """Return the public ids of the segments that a campaign goes to, or of those that it leaves out."""
    rows = db.session.scalars(
        select(CampaignSegment.segment_id)
        .join(Segment, Segment.id == CampaignSegment.segment_id)
        .where(CampaignSegment.campaign_id == campaign.id, CampaignSegment.is_excluded.is_(is_excluded))
        .order_by(CampaignSegment.segment_id)
    )
    return [public_id(Segment.prefix, segment_id) for segment_id in rows]


def freeze_narrowing(campaign: Campaign) -> None:
    """Keep what the segments ask now, so that who gets the campaign is decided when it is launched."""
    for row in db.session.scalars(select(CampaignSegment).where(CampaignSegment.campaign_id == campaign.id)):
        row.conditions = _whole(row, campaign.workspace_id).model_dump(mode="json")
    db.session.flush()


def narrowing_of(campaign_id: UUID, workspace_id: UUID, *, now: datetime) -> list[ColumnElement[bool]]:
    """Return conditions on ``Subscription`` that hold for whom a campaign goes to, of those on its lists."""
    rows = db.session.scalars(select(CampaignSegment).where(CampaignSegment.campaign_id == campaign_id)).all()
    if not rows:
        return []
    asked = Asked.of(workspace_id, now=now)
    clauses = [(row.is_excluded, clause_of(_whole(row, workspace_id), asked)) for row in rows]
    included = [clause for is_excluded, clause in clauses if not is_excluded]
    excluded = [not_(clause) for is_excluded, clause in clauses if is_excluded]
    whole = [or_(*included)] if included else []
    # About the place that is asked of, and about no other table of the query around it.
    person = select(Subscriber.id).where(Subscriber.id == Subscription.subscriber_id, *whole, *excluded)
    return [person.correlate(Subscription).exists()]


@signals.narrowing_wanted.connect
def narrow_run(run: Run) -> Sequence[ColumnElement[bool]]:
    """Narrow the deliveries of a campaign to whom it goes to, as of its launch."""
    return narrowing_of(run.campaign_id, run.workspace_id, now=run.started_at)


def _whole(row: CampaignSegment, workspace_id: UUID) -> Group:
    """Return what a segment asks: as of the launch, or now."""
    if row.conditions is not None:
        return read_tree(row.conditions)
    segment = db.session.get(Segment, row.segment_id)
    if segment is None or segment.workspace_id != workspace_id:
        # It was deleted since: nobody is in it.
        return Group(match=Match.NONE, conditions=(Group(),))
    return segment.tree
