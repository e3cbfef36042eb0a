"""Two hosts over one PostgreSQL and one broker; one of them is lost for good, with its disk."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select

from mailer.campaigns.models import CampaignStatus
from mailer.delivery.models import Batch, Delivery, DeliveryState
from mailer.proof import processes
from mailer.proof.chaos import BODY, LEASE_SECONDS, bad_server
from mailer.proof.ledger import Ledger
from mailer.proof.marketer import Marketer, row_id
from mailer.proof.postgres import cluster
from mailer.proof.product import Product, wait_until
from mailer.proof.sink import Record
from mailer.proof.verdict import Evidence, judge
from mailer.runtime.children import start_program
from mailer.runtime.embedded_broker import answers, broker_command

pytestmark = pytest.mark.skipif(not processes.is_known(), reason="reads /proc")

READERS = 8_000
CAMPAIGN = "bread"


@pytest.fixture
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker that belongs to neither host."""
    folder = tmp_path_factory.mktemp("b")
    server = start_program(broker_command(folder, folder / "s"))
    wait_until(lambda: answers(folder / "s"), 20)
    yield f"unix://{folder / 's'}"
    os.kill(server.pid, signal.SIGKILL)
    wait_until(lambda: server.poll() is not None, 20)


@pytest.fixture
def hosts(tmp_path: Path, broker_url: str) -> Iterator[list[Product]]:
    """Two installations of one product, and a bad server that both send to."""
    with cluster() as database, bad_server(tmp_path / "record", seed=1) as port:
        made = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            made.append(
                Product(
                    tmp_path / name,
                    MAILER_DATABASE_URL=database.url % "postgres",
                    MAILER_BROKER_URL=broker_url,
                    MAILER_SECRET_KEY="what both hosts know",
                    MAILER_SMTP_URL=f"smtp://127.0.0.1:{port}?tls=off",
                    MAILER_RETRY_FIRST_SECONDS="1",
                    MAILER_LEASE_SECONDS=str(LEASE_SECONDS),
                )
            )
        yield made
        for product in made:
            product.stop()


def test_a_host_that_is_lost_leaves_doubt_about_what_it_held_and_nothing_else(hosts, tmp_path):
    ledger, record = Ledger(hosts[0].settings.database_url), Record(tmp_path / "record")
    marketer = Marketer(hosts[0])
    mailing_list = marketer.fill_list("Bread", READERS)
    for product in hosts:
        product.start()
    campaign = marketer.write(mailing_list, subject="Loaf", body=BODY % CAMPAIGN)
    identifier = row_id(campaign)

    marketer.send(campaign)
    wait_until(lambda: _taken(record) > READERS / 20 and any(map(_held_by, hosts)), 60)
    goes, stays = sorted(hosts, key=_held_by, reverse=True)
    held = _lose(goes)
    wait_until(lambda: ledger.status(identifier) is CampaignStatus.FINISHED, 120, lambda: stays.last_words)

    record.refresh()
    rows = ledger.rows(identifier)
    figures = judge(
        Evidence(
            audience={CAMPAIGN: ledger.on_list(mailing_list)},
            rows={CAMPAIGN: rows},
            counts={CAMPAIGN: ledger.counts(identifier)},
            entries=record.entries,
            suppressed=ledger.bounced(),
        )
    )
    print(f"It held {held}; {figures}")
    assert [missed for missed in figures.missed() if not missed.startswith("in doubt")] == []
    assert 0 < figures.in_doubt <= held + figures.in_doubt_allowed
    assert figures.states["accepted"] > 0


def _taken(record: Record) -> int:
    record.refresh()
    return record.taken[CAMPAIGN]


def _held_by(product: Product) -> int:
    """How many deliveries a host's workers hold, by the journals in its data directory."""
    journals = [path.stem for path in (product.data_dir / "journals").glob("*.journal")]
    held = (
        select(func.count())
        .join(Batch, Batch.id == Delivery.batch_id)
        .where(Batch.worker.in_(journals), Delivery.state == DeliveryState.PREPARED)
        .select_from(Delivery)
    )
    engine = create_engine(product.settings.database_url)
    with engine.connect() as connection:
        number = connection.scalar(held)
    engine.dispose()
    return int(number or 0)


def _lose(product: Product) -> int:
    """Kill everything on a host and its disk with it; return how many deliveries it held."""
    for pid in (product.pid, *processes.below(product.pid)):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not processes.below(product.pid), 20)
    held = _held_by(product)
    shutil.rmtree(product.data_dir)
    product.data_dir.mkdir()
    return held
