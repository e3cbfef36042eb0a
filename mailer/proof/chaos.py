"""``mailer chaos``: two campaigns through a storm, then the count of who got what.

A bad server at the other end, and on this side everything killed at random: workers,
broker, database. People leave in mid-run and one campaign is cancelled. The seed
decides who suffers what; when, the machine decides.
"""

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from mailer.app import create_app
from mailer.audience.models import Subscriber
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.campaigns.pause import cancel, resume
from mailer.consent.models import Channel, Evidence, SuppressionReason
from mailer.consent.suppress import suppress as suppress_address
from mailer.consent.unsubscribe import leave
from mailer.db import db
from mailer.errors import Conflict
from mailer.lib.clock import utcnow
from mailer.proof import postgres, verdict
from mailer.proof.killer import Killer
from mailer.proof.ledger import Ledger
from mailer.proof.marketer import Marketer, row_id
from mailer.proof.product import ROOT, Product, free_port, wait_until
from mailer.proof.sink import Record
from mailer.proof.verdict import Figures, Kill
from mailer.runtime.ports import is_open

#: The markers of the two campaigns: one goes through, one is cancelled on the way.
THROUGH, CANCELLED = "through", "cancelled"
#: The second campaign's share of the recipients.
_SHARE_CANCELLED: Final = 0.2
#: How far the first campaign is when the killing begins, when it ends, and in between
#: when people leave and the second is cancelled.
_CALM, _LAST_KILL = 0.15, 0.8
_LEAVING: Final = (0.1, 0.3, 0.5, 0.7)
_SHARE_LEAVING: Final = 0.01
_CANCEL: Final = 0.25
#: The shortest that there is, so that a storm sees some run out.
LEASE_SECONDS: Final = 5
#: Nothing new for so long is the end of patience.
_PATIENCE_SECONDS: Final = 150.0
#: After so long without anything new it is looked whether it is over.
_STILL_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.05

#: With a marker that says whom it is for; ``%s`` is the campaign's.
BODY: Final = (
    "<!doctype html><html><body><p>Dear {{ subscriber.name | default('reader') }},</p>"
    "<p>[to {{ subscriber.email }} of %s]</p>"
    '<p>Fresh bread: <a href="https://bakery.example/order">order here</a>.</p>'
    "<p><a href='{{ unsubscribe_url }}'>Leave</a></p></body></html>"
)

Tell = Callable[[str], None]


class ChaosFailed(Conflict):
    """The storm did not come to an end; the message says where it stood."""


@dataclass(frozen=True)
class Plan:
    """One storm.

    :param database: ``sqlite`` or ``postgresql``
    """

    seed: int = 1
    recipients: int = 2_000
    kills: int = 20
    database: str = "sqlite"
    workers: int = 2

    @property
    def second_recipients(self) -> int:
        """How many the second campaign goes to."""
        return max(int(self.recipients * _SHARE_CANCELLED), 10)


def chaos(plan: Plan, tell: Tell, **settings: str) -> Figures:
    """Go through a storm, wait until all is quiet, and judge.

    :param settings: further ``MAILER_…`` variables of the product
    """
    with _stage(plan, settings) as stage:
        return _Storm(plan, stage, tell).blow()


@dataclass
class _Stage:
    """Everything that takes part, set up."""

    product: Product
    marketer: Marketer
    record: Record
    cluster: postgres.Cluster | None


class _Storm:
    def __init__(self, plan: Plan, stage: _Stage, tell: Tell) -> None:
        self._plan, self._stage, self._tell = plan, stage, tell
        self._dice = random.Random(plan.seed)  # noqa: S311  - nothing secret
        self._ledger = Ledger(stage.product.settings.database_url)
        self._app = create_app(stage.product.settings)
        self._killer = Killer(
            stage.product, cluster=stage.cluster, dice=self._dice, lease_seconds=LEASE_SECONDS
        )
        self._kills: list[Kill] = []
        self._left: dict[str, float] = {}
        self._cancelled: dict[str, float] = {}
        self._campaigns: dict[str, str] = {}
        self._audience: dict[str, list[str]] = {}

    def blow(self) -> Figures:
        """Send, kill, wait, judge."""
        sizes = {THROUGH: self._plan.recipients, CANCELLED: self._plan.second_recipients}
        for marker, size in sizes.items():
            mailing_list = self._stage.marketer.fill_list(marker, size)
            self._audience[marker] = self._ledger.on_list(mailing_list)
            self._campaigns[marker] = mailing_list
        self._stage.product.start()
        for marker, mailing_list in self._campaigns.items():
            self._campaigns[marker] = self._stage.marketer.write(
                mailing_list, subject=f"Loaf [to {{{{ subscriber.email }}}} of {marker}]", body=BODY % marker
            )
        for campaign in self._campaigns.values():
            self._stage.marketer.send(campaign)
        try:
            self._rage()
            self._calm_down()
        finally:
            self._killer.thaw()
        return verdict.judge(self._evidence())

    def _rage(self) -> None:
        """Do everything that is to be done, each when the first campaign is as far as it should be."""
        plan = self._plan
        deeds: list[tuple[float, Callable[[], None]]] = [
            *((when, self._some_leave) for when in _LEAVING),
            (_CANCEL, self._cancel_second),
            *((_CALM + (_LAST_KILL - _CALM) * n / plan.kills, self._kill) for n in range(plan.kills)),
        ]
        for when, deed in sorted(deeds, key=lambda each: each[0]):
            if not self._wait_for(when * plan.recipients):
                self._tell("It is over already.")
                return
            deed()

    def _wait_for(self, messages: float) -> bool:
        """Wait until so many of the first campaign's arrived; False when no more will."""
        record, product = self._stage.record, self._stage.product
        seen, seen_at = 0, time.monotonic()
        while (taken := record.taken[THROUGH]) < messages:
            if taken > seen:
                seen, seen_at = taken, time.monotonic()
            still = time.monotonic() - seen_at
            if still > _PATIENCE_SECONDS:
                raise ChaosFailed(f"Nothing new for {still:.0f} s.\n{product.last_words}")
            if still > _STILL_SECONDS and self._is_quiet():
                return False
            time.sleep(_LOOK_SECONDS)
            record.refresh()
        return True

    def _calm_down(self) -> None:
        """Wait until nothing is under way any more."""
        self._tell("Waiting until all is quiet.")
        product = self._stage.product
        wait_until(product.is_ready, _PATIENCE_SECONDS, lambda: product.last_words)
        wait_until(
            self._is_quiet, _PATIENCE_SECONDS + self._plan.recipients / 200, lambda: product.last_words
        )
        self._stage.record.refresh()

    def _is_quiet(self) -> bool:
        over = (CampaignStatus.FINISHED, CampaignStatus.CANCELLED)
        for marker, campaign in self._campaigns.items():
            identifier = row_id(campaign)
            status = self._ledger.status(identifier)
            if status is CampaignStatus.PAUSED:
                # It stopped itself, because the server refuses us too often: the operator goes on.
                self._commit(partial(_go_on, identifier))
            if status not in over or self._ledger.recorded(identifier) < len(self._audience[marker]):
                return False
        return True

    def _evidence(self) -> verdict.Evidence:
        identifiers = {marker: row_id(campaign) for marker, campaign in self._campaigns.items()}
        return verdict.Evidence(
            audience=self._audience,
            rows={marker: self._ledger.rows(each) for marker, each in identifiers.items()},
            counts={marker: self._ledger.counts(each) for marker, each in identifiers.items()},
            entries=self._stage.record.entries,
            kills=self._kills,
            left=self._left,
            cancelled=self._cancelled,
            suppressed=self._ledger.bounced(),
            workers=self._plan.workers,
        )

    def _kill(self) -> None:
        self._kills.append(self._killer.kill())
        self._tell(f"{len(self._kills)} of {self._plan.kills}: {self._kills[-1].what}.")

    def _some_leave(self) -> None:
        """Let some who were not mailed yet unsubscribe, and suppress as many others."""
        seen = self._stage.record.addresses
        waiting = [each for each in self._audience[THROUGH] if each not in seen and each not in self._left]
        chosen = self._dice.sample(waiting, min(len(waiting), int(self._plan.recipients * _SHARE_LEAVING)))
        half = len(chosen) // 2

        def unsubscribe() -> None:
            people = db.session.scalars(select(Subscriber).where(Subscriber.email.in_(chosen[:half])))
            for person in people.all():
                leave(person, [], evidence=Evidence(Channel.STAFF), now=utcnow())

        def forbid() -> None:
            workspace_id = db.session.get_one(Campaign, row_id(self._campaigns[THROUGH])).workspace_id
            for address in chosen[half:]:
                suppress_address(workspace_id, address, SuppressionReason.MANUAL)

        for deed, who in ((unsubscribe, chosen[:half]), (forbid, chosen[half:])):
            self._commit(deed)
            self._left.update(dict.fromkeys(who, time.time()))

    def _cancel_second(self) -> None:
        identifier = row_id(self._campaigns[CANCELLED])
        with suppress(Conflict):  # it may be finished already
            self._commit(lambda: cancel(db.session.get_one(Campaign, identifier), now=utcnow()))
            self._cancelled[CANCELLED] = time.time()
            self._tell("The second campaign is cancelled.")

    def _commit(self, deed: Callable[[], object]) -> None:
        """Do something as a web server would; again when the database was killed meanwhile."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                with self._app.app_context():
                    deed()
                    db.session.commit()
                return
            except DBAPIError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)


def _go_on(campaign_id: UUID) -> None:
    resume(db.session.get_one(Campaign, campaign_id))


@contextmanager
def _stage(plan: Plan, settings: dict[str, str]) -> Iterator[_Stage]:
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="mailer-chaos-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        cluster = None
        if plan.database == "postgresql":
            cluster = stack.enter_context(postgres.cluster(postgres.DURABLE))
            settings["MAILER_DATABASE_URL"] = cluster.url % "postgres"
        port = stack.enter_context(bad_server(folder / "record", seed=plan.seed))
        product = Product(
            folder,
            **{
                "MAILER_SMTP_URL": f"smtp://127.0.0.1:{port}?tls=off",
                "MAILER_CAMPAIGN_WORKERS": str(plan.workers),
                "MAILER_RETRY_FIRST_SECONDS": "1",
                "MAILER_LEASE_SECONDS": str(LEASE_SECONDS),
                "MAILER_LOG_LEVEL": "warning",
                **settings,
            },
        )
        stack.callback(product.stop)
        yield _Stage(product, Marketer(product), Record(folder / "record"), cluster)


@contextmanager
def bad_server(record: Path, *, seed: int) -> Iterator[int]:
    """Run the bad server for the length of the block; return its port."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "mailer.proof.sink", str(port), str(record), str(seed)],
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        wait_until(lambda: is_open("127.0.0.1", port), 20)
        yield port
    finally:
        process.kill()
        process.wait()
