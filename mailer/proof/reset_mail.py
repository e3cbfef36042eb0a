"""``mailer bench reset-mail``: how long a password reset takes, alone and beside a campaign."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median, quantiles
from typing import Final

from sqlalchemy import select

from mailer import signals
from mailer.accounts.models import Workspace
from mailer.app import create_app
from mailer.campaigns.models import CampaignStatus
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.lib.system_mail import SystemMail
from mailer.proof.bench import Tell
from mailer.proof.installation import WARM_UP, BenchFailed, Installation, installation
from mailer.proof.postfix import smtp_sink

#: What is promised of the p99.
MOST_RATIO: Final = 3.0
LEAST_SAMPLES: Final = 100
#: While nothing else goes on.
_IDLE_SAMPLES: Final = 300
_MOST_SAMPLES: Final = 1_000
_EVERY_SECONDS: Final = 0.1
_PATIENCE_SECONDS: Final = 60.0
#: The sink is to end by itself never: how many resets fit beside a campaign is not known before.
_ANY_NUMBER: Final = 10**9


@dataclass(frozen=True)
class Waits:
    """From the moment at which a reset was asked for to the server's yes, in seconds."""

    database: str
    idle: Sequence[float]
    beside: Sequence[float]

    @property
    def ratio(self) -> float:
        """The p99 beside a campaign, divided by that of an idle installation."""
        return p99(self.beside) / p99(self.idle)


def p99(seconds: Sequence[float]) -> float:
    """Return what 99 of 100 stay under."""
    return quantiles(seconds, n=100, method="inclusive")[98]


def bench_reset_mail(database: str, *, recipients: int, workers: int, tell: Tell) -> Waits:
    """Measure one database.

    :param database: ``sqlite``, ``postgresql``, or the URL of an empty database
    :raises BenchFailed: the campaign was over before enough was measured
    """
    with installation(database, workers) as bench:
        tell(f"{database}: making people.")
        for size in {WARM_UP, recipients}:
            bench.people(size)
        bench.start()
        bench.weigh()
        asker = _Asker(bench)
        with smtp_sink(bench.smtp_port, expects=_ANY_NUMBER):
            asker.ask(20)
            idle = asker.ask(_IDLE_SAMPLES)
            tell(f"{database}: idle, p99 {p99(idle) * 1000:.0f} ms.")
            campaign = bench.launch(recipients)
            beside = asker.ask(
                _MOST_SAMPLES, until=lambda: bench.ledger.status(campaign) is not CampaignStatus.SENDING
            )
        if len(beside) < LEAST_SAMPLES:
            raise BenchFailed(f"The campaign was over after {len(beside)} resets: give it more --recipients.")
        tell(f"{database}: beside a campaign, p99 {p99(beside) * 1000:.0f} ms.")
        return Waits(bench.kind, idle, beside)


def lines(waits: Waits) -> list[str]:
    """Return the figures as a table."""
    said = [f"{waits.database}: a password reset, from the asking to the server's yes"]
    for name, seconds in (("idle", waits.idle), ("beside a campaign", waits.beside)):
        said.append(
            f"  {name:<20}{len(seconds):>6} mails   median {median(seconds) * 1000:>7.1f} ms"
            f"   p99 {p99(seconds) * 1000:>7.1f} ms"
        )
    judged = "met" if waits.ratio <= MOST_RATIO else "MISSED"
    said.append(f"  p99 ÷ idle p99      {waits.ratio:>6.2f}   {judged}: at most {MOST_RATIO:.0f}")
    return said


class _Asker:
    """Someone who forgets passwords, in a web server's place."""

    def __init__(self, bench: Installation) -> None:
        self._bench = bench
        self._app = create_app(bench.product.settings)
        with self._app.app_context():
            self._workspace_id = db.session.scalars(select(Workspace.id)).one()
            db.session.rollback()

    def ask(self, number: int, *, until: Callable[[], bool] = lambda: False) -> list[float]:
        """Ask for so many resets, or until something is so; return how long each took."""
        since = utcnow()
        for asked in range(number):
            if until():
                break
            began = time.monotonic()
            self._ask(asked)
            time.sleep(max(0.0, _EVERY_SECONDS - (time.monotonic() - began)))
        return self._waits(since)

    def _ask(self, number: int) -> None:
        mail = SystemMail(
            template="reset_password",
            workspace_id=self._workspace_id,
            to=f"ben{number}@example.com",
            values={
                "name": "Ben",
                "email": f"ben{number}@example.com",
                "reset_url": f"{self._bench.product.base_url}/reset/{'x' * 80}",
                "hours": 2,
            },
        )
        with self._app.app_context():
            signals.mail_wanted.send(mail)
            db.session.commit()

    def _waits(self, since: datetime) -> list[float]:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while None in (waits := self._bench.ledger.waits_alone(since)):
            if time.monotonic() > deadline:
                raise BenchFailed(f"A reset was never sent.\n{self._bench.product.last_words}")
            time.sleep(0.2)
        return [seconds for seconds in waits if seconds is not None]
