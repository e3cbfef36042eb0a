"""Making a campaign's figures again from the rows that they are sums of."""

from mailer.bounces.sums import recount_returns
from mailer.campaigns.models import Campaign
from mailer.delivery.ledger import recount
from mailer.delivery.sending_sums import recount_fates
from mailer.errors import Conflict
from mailer.lib.clock import utcnow
from mailer.tracking.partitions import kept_since
from mailer.tracking.rebuild import rebuild_activity


def rebuild_report(campaign: Campaign) -> None:
    """Count everything of a campaign again, one by one; what comes out are the figures of before.

    For those who restored a part of a database, or doubt a figure. Nothing has to be
    stopped for it, but what comes in waits until the caller commits.

    :raises Conflict: its single opens and clicks are no longer kept (``tracking.partitions``)
    """
    since = kept_since(utcnow())
    if since is not None and campaign.launched_at is not None and campaign.launched_at < since:
        raise Conflict(
            f"The opens and clicks of “{campaign.name}” are no longer kept one by one; its figures stay."
        )
    rebuild_activity(campaign.id)
    recount(campaign.id)
    recount_fates(campaign.id)
    recount_returns(campaign.id)
