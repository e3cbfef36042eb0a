"""``mailer bench report``: a day of people and machines over a campaign, and its report beside the truth.

Who did what is known here, as it never is outside: everything that is only counted has to
be right to the unit, and what is judged (who is a person) within what the classifier claims.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert

from mailer.accounts.models import Workspace
from mailer.app import create_app
from mailer.campaigns.draft import Draft, create_draft
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.campaigns.rebuild import rebuild_report
from mailer.campaigns.report import Report, report
from mailer.config import load
from mailer.db import db
from mailer.delivery.models import Delivery, Message, MessageKind
from mailer.lib.ids import uuid7
from mailer.proof.day import LAUNCH, LINKS, TRAP, Day, Reader, simulate
from mailer.runtime.migrations import migrate_to
from mailer.tracking.ingest import store
from mailer.tracking.spool import Event

#: What the classifier claims: of those called people, and of the people there are.
CLAIMED: Final = 0.95
_EVENTS_AT_ONCE: Final = 1_000


@dataclass(frozen=True)
class Compared:
    """A figure of the report, and what it should be.

    :param is_exact: it is counted; otherwise it is judged, within :data:`CLAIMED`
    """

    name: str
    reported: int
    true: int
    is_exact: bool

    @property
    def is_right(self) -> bool:
        """Whether the figure is as it should be."""
        if self.is_exact:
            return self.reported == self.true
        return abs(self.reported - self.true) <= (1 - CLAIMED) * max(self.true, 1)

    def line(self) -> str:
        """Return it in words."""
        verdict = "right" if self.is_right else "WRONG"
        return f"{self.name:<26} {self.reported:>8,} reported {self.true:>8,} true  {verdict}"


def compare_with_truth(people: int, *, seed: int = 1, database_url: str = "") -> list[Compared]:
    """Let a day pass over a campaign to so many people, and compare the report with what happened.

    :param database_url: an empty database; SQLite in a folder of its own when left out
    """
    with _application(database_url) as app, app.app_context():
        migrate_to("head")
        campaign, readers = _sent(people)
        assert campaign.message_id is not None
        day = simulate(readers, message_id=campaign.message_id, seed=seed)
        for start in range(0, len(day.events), _EVENTS_AT_ONCE):
            store(day.events[start : start + _EVENTS_AT_ONCE])
            db.session.commit()
        kept = report(campaign)
        compared = _compare(kept, day)
        rebuild_report(campaign)
        again = report(campaign)
        compared.append(Compared("opens, made again", again.opens.total, kept.opens.total, is_exact=True))
        people_again, people_kept = again.clicks.human_people, kept.clicks.human_people
        compared.append(Compared("clicks, people, again", people_again, people_kept, is_exact=True))
        db.session.rollback()
        db.engine.dispose()
        return compared


def _compare(found: Report, day: Day) -> list[Compared]:
    opens = [event for event in day.events if event.link_number is None]
    clicks = day.clicks
    figures = [("opens", found.opens, opens), ("clicks", found.clicks, clicks)]
    compared = []
    for name, tally, events in figures:
        human = [event for event in events if event.id in day.human]
        compared += [
            Compared(f"{name} in all", tally.total, len(events), is_exact=True),
            Compared(f"{name}, deliveries", tally.people, _readers(events), is_exact=True),
            Compared(f"{name} by people", tally.human_total, len(human), is_exact=False),
            Compared(f"{name}, people", tally.human_people, _readers(human), is_exact=False),
        ]
    for link in found.links:
        of_link = sum(1 for event in clicks if event.link_number == link.number)
        compared.append(Compared(f"clicks on link {link.number}", link.total, of_link, is_exact=True))
    return compared


def _readers(events: Sequence[Event]) -> int:
    return len({event.delivery_id for event in events})


def _sent(people: int) -> tuple[Campaign, list[Reader]]:
    """Write down a campaign that everybody's server took at the launch."""
    workspace = Workspace(name="Proof", slug="proof")
    db.session.add(workspace)
    db.session.flush()
    message = Message(
        workspace_id=workspace.id,
        kind=MessageKind.CAMPAIGN,
        from_email="proof@example.com",
        subject="Proof",
        html="",
        text="",
        links=[f"https://example.com/{number}" for number in range(LINKS + 1)],
        trap_link=TRAP,
    )
    db.session.add(message)
    db.session.flush()
    campaign = create_draft(workspace.id, Draft(name="Proof"))
    campaign.message, campaign.launched_at = message, LAUNCH
    campaign.status = CampaignStatus.FINISHED
    db.session.flush()
    readers = [Reader(uuid7(), LAUNCH) for _ in range(people)]
    db.session.execute(insert(Delivery), [_delivery(campaign, one.delivery_id) for one in readers])
    db.session.commit()
    return campaign, readers


def _delivery(campaign: Campaign, identifier: UUID) -> dict[str, object]:
    return {
        "id": identifier,
        "created_at": LAUNCH,
        "workspace_id": campaign.workspace_id,
        "message_id": campaign.message_id,
        "campaign_id": campaign.id,
        "email": f"{identifier.hex}@example.com",
        "state": "accepted",
        "attempt": 1,
        "ended_at": LAUNCH,
    }


@contextmanager
def _application(database_url: str) -> Iterator[Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield create_app(
            load(
                {
                    "MAILER_DATA_DIR": str(folder),
                    "MAILER_DATABASE_URL": database_url or f"sqlite:///{folder / 'proof.sqlite'}",
                }
            )
        )
