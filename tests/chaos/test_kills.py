"""Killing anything at any time loses nobody and mails nobody twice.

``make chaos`` runs it at full size; ``make test`` a small one.
"""

import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from mailer.proof.postgres import server
from mailer.proof.product import Product, wait_until

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")

#: Everything but the catcher, which stands for the world outside.
VICTIMS = ("broker", "worker (campaigns)", "worker (transactional)", "web", "scheduler")


@pytest.fixture
def product(database_kind: str) -> Iterator[Product]:
    with tempfile.TemporaryDirectory(prefix="mailer-chaos-") as folder:
        if database_kind == "sqlite":
            yield from _running(Product(Path(folder), MAILER_RETRY_FIRST_SECONDS="1"))
        else:
            with server() as url:
                yield from _running(
                    Product(
                        Path(folder), MAILER_RETRY_FIRST_SECONDS="1", MAILER_DATABASE_URL=url % "postgres"
                    )
                )


def _running(product: Product) -> Iterator[Product]:
    product.start()
    yield product
    product.stop()


@pytest.fixture
def key(product: Product) -> str:
    product.mailer(
        *("owner", "create", "--email", "ana@example.com", "--password", "a long enough password"),
        *("--workspace", "Bakery"),
    )
    return product.mailer("key", "create", "--workspace", "Bakery", "--name", "chaos", "--scope", "all")


def test_random_kills_lose_nobody_and_mail_nobody_twice(product, key, pytestconfig, record_property):
    recipients, kills = pytestconfig.getoption("--recipients"), pytestconfig.getoption("--kills")
    dice = random.Random(pytestconfig.getoption("--chaos-seed"))
    mailing_list = product.mailer(
        "seed", "--workspace", "Bakery", "--list", "Chaos", "--subscribers", str(recipients)
    )
    campaign = product.api(
        key,
        "POST",
        "/campaigns",
        {
            "name": "Through the storm",
            "subject": "Loaf",
            "from": "Ana <ana@example.com>",
            "lists": [mailing_list],
            "body": "Hello",
        },
    )["id"]

    product.api(key, "POST", f"/campaigns/{campaign}/send")
    killed = _kill_at_random(product, kills, dice)
    begun = time.monotonic()
    wait_until(product.is_ready, 120, lambda: product.log)
    wait_until(lambda: _is_over(product, key, campaign), 240, lambda: product.log)

    report = product.api(key, "GET", f"/campaigns/{campaign}/report")
    print(f"killed {dict(killed)}; over {time.monotonic() - begun:.0f} s after the last kill; {report}")
    states, addresses = _deliveries(product)
    caught = product.caught()
    assert len(states) == recipients == report["audience"], "one row for each subscriber"
    assert report["waiting"] == report["held"] == report["skipped"] == report["rejected"] == 0
    assert report["accepted"] + report["in_doubt"] == recipients
    assert states.keys() == addresses
    assert report["in_doubt"] <= kills, "at most the one message under way for each kill"
    for address, state in states.items():
        if state == "accepted":
            assert caught[address] == 1, f"{address} was accepted and was caught {caught[address]} times"
        else:
            assert caught[address] <= 1, f"{address} is {state} and was caught {caught[address]} times"


def _kill_at_random(product: Product, kills: int, dice: random.Random) -> Counter[str]:
    killed: Counter[str] = Counter()
    while killed.total() < kills:
        time.sleep(dice.uniform(0.1, 0.9))
        name = dice.choice(VICTIMS)
        found = [pid for pid, part in product.processes().items() if part.startswith(name)]
        if found:
            os.kill(dice.choice(found), signal.SIGKILL)
            killed[name] += 1
    return killed


def _is_over(product: Product, key: str, campaign: str) -> bool:
    try:
        return bool(product.api(key, "GET", f"/campaigns/{campaign}/report")["status"] == "finished")
    except OSError:
        return False


def _deliveries(product: Product) -> tuple[dict[str, str], set[str]]:
    """Return each delivery's state by address, and the addresses of all subscribers."""
    engine = create_engine(product.settings.database_url)
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT email, state FROM deliveries WHERE campaign_id IS NOT NULL")
        ).all()
        everyone = set(connection.scalars(text("SELECT email FROM subscribers")))
    engine.dispose()
    assert len(rows) == len({email for email, _ in rows}), "nobody has two rows"
    return {email: str(state) for email, state in rows}, everyone
