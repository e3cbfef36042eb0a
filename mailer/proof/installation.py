"""An installation that campaigns are sent from, and measured at, and Postfix's sink that they go to."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import create_engine, make_url, select, text

from mailer.accounts.models import Workspace
from mailer.app import create_app
from mailer.campaigns.models import CampaignStatus
from mailer.db import db
from mailer.delivery.dkim_rotation import activate, add_key
from mailer.delivery.engine.dkim_keys import Algorithm
from mailer.delivery.models import DeliveryState, SendingDomain
from mailer.errors import Conflict
from mailer.lib.clock import utcnow
from mailer.proof import letter, postgres, processes
from mailer.proof.ledger import Ledger
from mailer.proof.marketer import Marketer, row_id
from mailer.proof.postfix import Sent, SmtpSink, smtp_sink, smtp_source
from mailer.proof.product import Product, free_port

#: Who is mailed first, to load the code and to weigh the message.
WARM_UP: Final = 500
#: Longer without anything new is a fault, not slowness.
_PATIENCE_SECONDS: Final = 120.0
#: So slow at least is the sealing of consent records, which would take a core from what is measured.
_SEALED_PER_SECOND: Final = 1_000


class BenchFailed(Conflict):
    """What was measured cannot be trusted; the message says why."""


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


class Installation:
    """One installation that campaigns are sent from, and the port that they are sent to."""

    def __init__(self, product: Product, *, smtp_port: int, cluster: postgres.Cluster | None) -> None:
        self.product = product
        self.kind = "sqlite" if product.settings.database_url.startswith("sqlite") else "postgresql"
        self.smtp_port, self._cluster = smtp_port, cluster
        self._marketer = Marketer(product)
        self.ledger = Ledger(product.settings.database_url)
        self._lists: dict[int, str] = {}

    def start(self) -> None:
        """Start it, and wait until it has done what its new people made it do."""
        self.product.start()
        deadline = time.monotonic() + _PATIENCE_SECONDS + sum(self._lists) / _SEALED_PER_SECOND
        while self.ledger.unsealed():
            if time.monotonic() > deadline:
                raise BenchFailed(f"Consent records are not sealed.\n{self.product.last_words}")
            time.sleep(0.5)

    def people(self, number: int) -> None:
        """Make a list with so many people on it."""
        self._lists[number] = self._marketer.fill_list(f"{number} readers", number)

    def sign_by(self, algorithm: str) -> None:
        """Sign everything from now on, as if the key's record were published.

        :param algorithm: ``rsa`` or ``ed25519``
        """
        with create_app(self.product.settings).app_context():
            workspace = db.session.scalars(select(Workspace)).one()
            domain = SendingDomain(workspace_id=workspace.id, domain="example.com")
            db.session.add(domain)
            activate(add_key(domain, Algorithm(algorithm)), now=utcnow())
            db.session.commit()
            db.engine.dispose()

    def weigh(self) -> int:
        """Return what a message takes on the wire, by sending some."""
        with smtp_sink(self.smtp_port, expects=WARM_UP) as sink:
            before = processes.bytes_read(sink.pid)
            self._send(WARM_UP, sink, wire_bytes=1_000)
            taken = processes.bytes_read(sink.pid) - before
            sink.require_all()
        return taken // WARM_UP

    def source(self, messages: int, wire_bytes: int) -> Sent:
        """Let smtp-source send."""
        with smtp_sink(self.smtp_port, expects=messages) as sink:
            sent = smtp_source(self.smtp_port, messages=messages, wire_bytes=wire_bytes)
            sink.require_all()
        return sent

    def campaign(self, recipients: int, wire_bytes: int) -> Campaign:
        """Send a campaign."""
        with smtp_sink(self.smtp_port, expects=recipients) as sink:
            campaign = self._send(recipients, sink, wire_bytes=wire_bytes)
            sink.require_all()
        return campaign

    def launch(self, recipients: int) -> UUID:
        """Send a campaign without waiting for it; return its id in the tables."""
        campaign = self._write(recipients)
        self._marketer.send(campaign)
        return row_id(campaign)

    def _write(self, recipients: int) -> str:
        return self._marketer.write(self._lists[recipients], subject=letter.SUBJECT, body=letter.body())

    def _send(self, recipients: int, sink: SmtpSink, *, wire_bytes: int) -> Campaign:
        campaign = self._write(recipients)
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
        while self.ledger.recorded(row_id(campaign)) < recipients:
            if time.monotonic() > deadline:
                raise BenchFailed(f"Outcomes are missing.\n{self.product.last_words}")
            time.sleep(0.02)
        return time.monotonic()

    def _require_all_accepted(self, campaign: str, recipients: int) -> None:
        states = self.ledger.states(row_id(campaign))
        if states != {DeliveryState.ACCEPTED: recipients}:
            raise BenchFailed(f"Not everything was accepted: {dict(states)}.\n{self.product.last_words}")
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self.ledger.status(row_id(campaign)) is not CampaignStatus.FINISHED:
            if time.monotonic() > deadline:
                raise BenchFailed(f"The campaign does not finish.\n{self.product.last_words}")
            time.sleep(0.1)


@contextmanager
def installation(database: str, workers: int) -> Iterator[Installation]:
    """Set up an installation for the length of the block; it does not run yet.

    :param workers: of campaigns; 0 for as many as it takes by itself
    """
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
            MAILER_API_CALLS_PER_MINUTE="100000000",
            **settings,
        )
        if settings:
            _require_empty(product.settings.database_url)
        stack.callback(product.stop)
        yield Installation(product, smtp_port=smtp_port, cluster=cluster)


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
