"""A campaign through RabbitMQ instead of the broker that comes along."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.campaigns.models import CampaignStatus
from mailer.delivery.models import DeliveryState
from mailer.proof.ledger import Ledger
from mailer.proof.marketer import Marketer, row_id
from mailer.proof.product import Product, free_port, wait_until
from mailer.runtime.ports import is_open
from tests.support.smtp import sink

SERVER = shutil.which("rabbitmq-server", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin")
READERS = 1_000

pytestmark = pytest.mark.skipif(SERVER is None, reason="needs RabbitMQ: apt install rabbitmq-server")


@pytest.fixture
def rabbitmq(tmp_path: Path) -> Iterator[str]:
    """The URL of a RabbitMQ of this test's own, on loopback."""
    port, names = free_port(), free_port()
    home = tmp_path / "rabbitmq"
    home.mkdir()
    # Debian's wrapper wants to be its own user; the program behind it does not.
    program = shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin") or SERVER
    server = subprocess.Popen(
        [str(program)],
        env={
            "PATH": f"{os.defpath}:/usr/sbin",
            "HOME": str(home),
            "RABBITMQ_NODENAME": f"mailer{port}@localhost",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_PID_FILE": str(home / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
            "ERL_EPMD_PORT": str(names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # So that the name server can be ended although the machine it knew was killed.
            "ERL_EPMD_RELAXED_COMMAND_CHECK": "1",
        },
        stdout=(home / "out").open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        wait_until(lambda: is_open("127.0.0.1", port), 90, (home / "out").read_text)
        yield f"amqp://guest:guest@127.0.0.1:{port}"
    finally:
        # Its Erlang machine, the shell around it, and the name server that it started.
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        subprocess.run(["epmd", "-port", str(names), "-kill"], capture_output=True, check=False)


def test_a_campaign_goes_through_rabbitmq(rabbitmq, tmp_path):
    (tmp_path / "mailer").mkdir()
    with sink() as server:
        product = Product(
            tmp_path / "mailer",
            MAILER_BROKER_URL=rabbitmq,
            MAILER_SMTP_URL=f"smtp://127.0.0.1:{server.port}?tls=off",
        )
        marketer, ledger = Marketer(product), Ledger(product.settings.database_url)
        mailing_list = marketer.fill_list("Bread", READERS)
        product.start()
        try:
            campaign = marketer.write(mailing_list, subject="Loaf", body="<p>Fresh bread</p>")
            marketer.send(campaign)
            wait_until(
                lambda: ledger.status(row_id(campaign)) is CampaignStatus.FINISHED,
                120,
                lambda: product.last_words,
            )
        finally:
            product.stop()

    assert ledger.states(row_id(campaign)) == {DeliveryState.ACCEPTED: READERS}
    assert len({message.recipient for message in server.received}) == len(server.received) == READERS
