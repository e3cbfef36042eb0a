"""``mailer bench send``: a real campaign against Postfix's smtp-source, turn by turn.

Both send the same number of messages of the same size to the same smtp-sink. The one
sends a constant; the other composes, personalises, tracks and records each. Only what
was measured side by side can be compared, so that they take turns, and medians of the
ratios of neighbours are what counts.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from sqlalchemy import create_engine, make_url, text

from mailer.campaigns.models import CampaignStatus
from mailer.delivery.models import DeliveryState
from mailer.errors import Conflict, Invalid
from mailer.proof import letter, postgres, processes
from mailer.proof.ledger import Ledger
from mailer.proof.marketer import Marketer, row_id
from mailer.proof.postfix import Sent, SmtpSink, smtp_sink, smtp_source
from mailer.proof.product import Product, free_port

#: Who is mailed first, to load the code and to weigh the message.
_WARM_UP: Final = 500
#: How often each size of the curve is sent; short ones are noisy.
_TURNS: Final = {10_000: 3}
#: Longer without anything new is a fault, not slowness.
_PATIENCE_SECONDS: Final = 120.0
#: For the estimate alone.
_SLOWEST_RATE: Final = 3_000
_SEEDS_PER_SECOND: Final = 40_000

Tell = Callable[[str], None]


class BenchFailed(Conflict):
    """What was measured cannot be trusted; the message says why."""


@dataclass(frozen=True)
class Plan:
    """What is to be measured.

    :param databases: ``sqlite``, ``postgresql``, or the URL of an empty database
    :param sizes: recipients of each campaign of the curve
    """

    recipients: int = 100_000
    databases: Sequence[str] = ("sqlite", "postgresql")
    pairs: int = 5
    sizes: Sequence[int] = ()
    workers: int = 2

    @property
    def campaigns(self) -> list[int]:
        """The recipients of every campaign that one database sees."""
        return [self.recipients] * self.pairs + self.curve

    @property
    def curve(self) -> list[int]:
        """The recipients of the curve's campaigns, in the order in which they are sent."""
        return [size for size in self.sizes for _ in range(_TURNS.get(size, 1))]

    @property
    def longest_minutes(self) -> float:
        """How long it should take at most."""
        messages = sum(self.campaigns) + self.pairs * self.recipients
        people = self.recipients + sum(set(self.sizes) - {self.recipients})
        seconds = messages / _SLOWEST_RATE + people / _SEEDS_PER_SECOND + 40
        return len(self.databases) * seconds / 60


@dataclass(frozen=True)
class Campaign:
    """One campaign's figures.

    :param seconds: from the first message at the sink to the last outcome recorded
    :param first_seconds: from the launch to the first message
    :param cpu_seconds: user and system, of all campaign workers
    :param peak_megabytes: of the largest campaign worker, ever
    """

    recipients: int
    seconds: float
    first_seconds: float
    cpu_seconds: float
    database_cpu_seconds: float
    broker_cpu_seconds: float
    peak_megabytes: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.recipients / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        """CPU time of the workers for each message."""
        return self.cpu_seconds / self.recipients * 1e6


@dataclass
class Measured:
    """Everything about one database."""

    database: str
    workers: int
    wire_bytes: int
    sources: list[Sent] = field(default_factory=list)
    campaigns: list[Campaign] = field(default_factory=list)
    curve: list[Campaign] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        """Each campaign's rate, divided by that of the smtp-source before it."""
        pairs = zip(self.sources, self.campaigns, strict=True)
        return [campaign.rate / source.rate for source, campaign in pairs]

    @property
    def cpu_ratio(self) -> float:
        """CPU per message of the campaign workers, divided by smtp-source's."""
        campaigns = median(each.cpu_microseconds for each in self.campaigns)
        return campaigns / median(each.cpu_microseconds for each in self.sources)

    def rates_by_size(self) -> dict[int, float]:
        """The median rate of each size of the curve."""
        return {
            size: median(each.rate for each in self.curve if each.recipients == size)
            for size in dict.fromkeys(each.recipients for each in self.curve)
        }

    def as_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            **asdict(self),
            "ratios": self.ratios,
            "ratio": median(self.ratios) if self.campaigns else None,
            "cpu_ratio": self.cpu_ratio if self.campaigns else None,
            "rates_by_size": self.rates_by_size(),
        }


def sizes_of(text: str) -> list[int]:
    """Read sizes such as ``10k,100k,1M``; ``none`` for none.

    :raises Invalid: one is no number
    """
    units = {"k": 1_000, "M": 1_000_000}
    try:
        return [
            int(part.rstrip("kM")) * units.get(part[-1:], 1) for part in text.split(",") if text != "none"
        ]
    except ValueError:
        raise Invalid(f"Sizes look like 10k,100k,1M, not “{text}”.") from None


def bench_send(plan: Plan, tell: Tell) -> list[Measured]:
    """Measure each database of a plan.

    :param tell: takes one line on how far it is
    """
    tell(
        f"This takes {plan.longest_minutes:.0f} minutes at most, and wants a machine with nothing else to do."
    )
    return [_measure(name, plan, tell) for name in plan.databases]


def _measure(database: str, plan: Plan, tell: Tell) -> Measured:
    with _installation(database, plan.workers) as bench:
        tell(f"{database}: making people.")
        bench.people(_WARM_UP)
        for size in {plan.recipients, *plan.sizes}:
            bench.people(size)
        bench.product.start()
        measured = Measured(bench.kind, plan.workers, bench.weigh())
        for number in range(plan.pairs):
            source = bench.source(plan.recipients, measured.wire_bytes)
            campaign = bench.campaign(plan.recipients, measured.wire_bytes)
            measured.sources.append(source)
            measured.campaigns.append(campaign)
            tell(
                f"{database}: pair {number + 1} of {plan.pairs}: smtp-source {source.rate:,.0f} a second, "
                f"campaign {campaign.rate:,.0f}, {campaign.rate / source.rate:.2f} of it."
            )
        for size in plan.curve:
            measured.curve.append(bench.campaign(size, measured.wire_bytes))
            tell(f"{database}: {size:,} recipients, {measured.curve[-1].rate:,.0f} a second.")
        return measured


class _Bench:
    """One installation that campaigns are sent from, and the port that they are sent to."""

    def __init__(self, product: Product, *, smtp_port: int, cluster: postgres.Cluster | None) -> None:
        self.product = product
        self.kind = "sqlite" if product.settings.database_url.startswith("sqlite") else "postgresql"
        self._smtp_port, self._cluster = smtp_port, cluster
        self._marketer = Marketer(product)
        self._ledger = Ledger(product.settings.database_url)
        self._lists: dict[int, str] = {}

    def people(self, number: int) -> None:
        """Make a list with so many people on it."""
        self._lists[number] = self._marketer.fill_list(f"{number} readers", number)

    def weigh(self) -> int:
        """Return what a message takes on the wire, by sending some."""
        with smtp_sink(self._smtp_port, expects=_WARM_UP) as sink:
            before = processes.bytes_read(sink.pid)
            self._send(_WARM_UP, sink, wire_bytes=1_000)
            taken = processes.bytes_read(sink.pid) - before
            sink.require_all()
        return taken // _WARM_UP

    def source(self, messages: int, wire_bytes: int) -> Sent:
        """Let smtp-source send."""
        with smtp_sink(self._smtp_port, expects=messages) as sink:
            sent = smtp_source(self._smtp_port, messages=messages, wire_bytes=wire_bytes)
            sink.require_all()
        return sent

    def campaign(self, recipients: int, wire_bytes: int) -> Campaign:
        """Send a campaign."""
        with smtp_sink(self._smtp_port, expects=recipients) as sink:
            campaign = self._send(recipients, sink, wire_bytes=wire_bytes)
            sink.require_all()
        return campaign

    def _send(self, recipients: int, sink: SmtpSink, *, wire_bytes: int) -> Campaign:
        campaign = self._marketer.write(self._lists[recipients], subject=letter.SUBJECT, body=letter.body())
        workers, broker, database = self._parts()
        parts = (*workers, broker)
        cpu_before = {pid: processes.cpu_seconds(pid) for pid in parts}
        database_before = processes.cpu_seconds_of_tree(database)
        bytes_before = processes.bytes_read(sink.pid)
        launched = time.monotonic()
        self._marketer.send(campaign)
        # The first whole message: looked for often, since a small campaign takes a second.
        first = self._wait(sink, bytes_before + wire_bytes // 2, interval=0.002)
        self._wait(sink, bytes_before + int(recipients * wire_bytes * 0.95), interval=0.05)
        ended = self._wait_for_outcomes(campaign, recipients)
        cpu = {pid: processes.cpu_seconds(pid) - cpu_before[pid] for pid in parts}
        database_cpu = processes.cpu_seconds_of_tree(database) - database_before
        self._require_all_accepted(campaign, recipients)
        return Campaign(
            recipients=recipients,
            seconds=ended - first,
            first_seconds=first - launched,
            cpu_seconds=sum(cpu[pid] for pid in workers),
            database_cpu_seconds=database_cpu if database else 0.0,
            broker_cpu_seconds=cpu[broker],
            peak_megabytes=max(map(processes.peak_megabytes, workers)),
        )

    def _parts(self) -> tuple[list[int], int, int]:
        """Return the processes of the campaign workers, the broker and the database server."""
        parts = self.product.processes()
        workers = [pid for pid, name in parts.items() if name.startswith("worker (campaigns")]
        broker = next((pid for pid, name in parts.items() if name == "broker"), 0)
        return workers, broker, self._cluster.pid if self._cluster else 0

    def _wait(self, sink: SmtpSink, total: int, *, interval: float) -> float:
        """Wait until the sink has read so many bytes; return when."""
        seen, seen_at = 0, time.monotonic()
        while (taken := processes.bytes_read(sink.pid)) < total:
            now = time.monotonic()
            if taken > seen:
                seen, seen_at = taken, now
            if now - seen_at > _PATIENCE_SECONDS or sink.process.poll() is not None:
                raise BenchFailed(f"The campaign does not go on.\n{self.product.last_words}")
            time.sleep(interval)
        return time.monotonic()

    def _wait_for_outcomes(self, campaign: str, recipients: int) -> float:
        deadline = time.monotonic() + _PATIENCE_SECONDS + recipients / 500
        while self._ledger.recorded(row_id(campaign)) < recipients:
            if time.monotonic() > deadline:
                raise BenchFailed(f"Outcomes are missing.\n{self.product.last_words}")
            time.sleep(0.02)
        return time.monotonic()

    def _require_all_accepted(self, campaign: str, recipients: int) -> None:
        states = self._ledger.states(row_id(campaign))
        if states != {DeliveryState.ACCEPTED: recipients}:
            raise BenchFailed(f"Not everything was accepted: {dict(states)}.\n{self.product.last_words}")
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._ledger.status(row_id(campaign)) is not CampaignStatus.FINISHED:
            if time.monotonic() > deadline:
                raise BenchFailed(f"The campaign does not finish.\n{self.product.last_words}")
            time.sleep(0.1)


@contextmanager
def _installation(database: str, workers: int) -> Iterator[_Bench]:
    """Set up an installation for the length of the block; it does not run yet."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="mailer-bench-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        cluster = None
        settings = {}
        if database == "postgresql":
            cluster = stack.enter_context(postgres.cluster(postgres.DURABLE))
            settings["MAILER_DATABASE_URL"] = cluster.url % "postgres"
        elif database != "sqlite":
            settings["MAILER_DATABASE_URL"] = database
        smtp_port = free_port()
        product = Product(
            folder,
            MAILER_SMTP_URL=f"smtp://127.0.0.1:{smtp_port}?tls=off",
            MAILER_CAMPAIGN_WORKERS=str(workers),
            MAILER_RETRY_FIRST_SECONDS="1",
            MAILER_LOG_LEVEL="warning",
            **settings,
        )
        if settings:
            _require_empty(product.settings.database_url)
        stack.callback(product.stop)
        yield _Bench(product, smtp_port=smtp_port, cluster=cluster)


def _require_empty(database_url: str) -> None:
    """Refuse a database with anything in it: a million made-up people are put there.

    :raises BenchFailed: it has tables
    """
    engine = create_engine(database_url)
    with engine.connect() as connection:
        schema = (
            "sqlite_master" if engine.dialect.name == "sqlite" else "pg_tables WHERE schemaname = 'public'"
        )
        tables = connection.scalar(text(f"SELECT count(*) FROM {schema}"))  # noqa: S608  - one of two
    engine.dispose()
    if tables:
        name = make_url(database_url).render_as_string(hide_password=True)
        raise BenchFailed(f"{name} is not empty: give a new database, which you drop afterwards.")
