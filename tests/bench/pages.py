"""How fast every page answers with a large audience, on both databases: ``make bench-pages``.

100,000 subscribers on a list, a campaign with a delivery for each, the real web server,
one request after the other. Fails when a page takes more than 300 ms at the 95th percentile.
"""

import argparse
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from sqlalchemy import select, update

from mailer.accounts.found import create_owner
from mailer.accounts.models import Workspace
from mailer.app import create_app
from mailer.audience.models import Subscriber
from mailer.campaigns.draft import Draft, create_draft
from mailer.campaigns.launch import launch
from mailer.campaigns.pause import pause
from mailer.composing.models import Template
from mailer.db import db
from mailer.delivery.models import Delivery
from mailer.delivery.prepare import prepare_campaign
from mailer.lib.clock import utcnow
from mailer.proof.postgres import server
from mailer.proof.product import Product
from mailer.proof.visitor import Visitor
from mailer.runtime.migrations import migrate_to
from mailer.seeds.grow import Crowd, grow, list_called

SLOWEST_MS = 300
EMAIL, PASSWORD = "ana@example.com", "fresh bread on sundays"


def main() -> None:
    """Measure each page on each database; print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--subscribers", type=int, default=100_000)
    options.add_argument("--requests", type=int, default=20)
    options.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    chosen = options.parse_args()
    databases = ("sqlite", "postgresql") if chosen.database == "both" else (chosen.database,)
    slow = sum(measure(name, chosen.subscribers, chosen.requests) for name in databases)
    raise SystemExit(slow > 0)


def measure(database: str, subscribers: int, requests: int) -> int:
    """Measure the pages on one database; return how many are too slow."""
    with large_product(database, subscribers) as (product, paths):
        visitor = Visitor(product.base_url, email=EMAIL, password=PASSWORD)
        print(f"{database}, {subscribers:,} subscribers, {requests} requests each")
        print(f"{'page':<64} {'median':>9} {'p95':>9}")
        slow = 0
        for path in paths:
            page = visitor.time(path, times=requests)
            is_slow = page.p95 > SLOWEST_MS
            slow += is_slow
            print(f"{path:<64} {page.median:6.0f} ms {page.p95:6.0f} ms{'  TOO SLOW' if is_slow else ''}")
    return slow


@contextmanager
def large_product(database: str, subscribers: int) -> Iterator[tuple[Product, list[str]]]:
    """A running Mailer with a large audience, and the addresses of its pages."""
    with tempfile.TemporaryDirectory(prefix="mailer-pages-") as folder:
        if database == "sqlite":
            yield from _filled(Product(Path(folder)), subscribers)
            return
        with server() as url:
            yield from _filled(Product(Path(folder), MAILER_DATABASE_URL=url % "postgres"), subscribers)


def _filled(product: Product, subscribers: int) -> Iterator[tuple[Product, list[str]]]:
    app = create_app(product.settings)
    with app.app_context():
        migrate_to("head")
        begun = time.monotonic()
        paths = fill(app, subscribers)
        db.engine.dispose()
    print(f"Filled in {time.monotonic() - begun:.0f} s.")
    product.start()
    try:
        yield product, paths
    finally:
        product.stop()


def fill(app: Flask, subscribers: int) -> list[str]:
    """Make the audience, and a paused campaign to all of it; return the pages to visit."""
    _, workspace = create_owner(email=EMAIL, password=PASSWORD, workspace="Bakery", name="Ana")
    bread = list_called(workspace.id, "Weekly bread")
    for _ in grow(Crowd.of(bread, subscribers, now=utcnow())):
        db.session.commit()
    written = Draft(
        name="Sunday loaf",
        subject="Fresh",
        from_email="ana@bakery.example",
        body="[Order](https://bakery.example)",
        lists=[bread],
    )
    draft = create_draft(workspace.id, written)
    sent = create_draft(workspace.id, written)
    launch(sent, now=utcnow())
    db.session.commit()
    prepare_campaign(sent.id)
    pause(sent, now=utcnow())
    # Half of them are put off.
    db.session.execute(
        update(Delivery)
        .where(Delivery.campaign_id == sent.id, Delivery.email > "m")
        .values(batch_id=None, next_try_at=utcnow(), attempt=1, reply="450 4.2.1 busy")
    )
    db.session.commit()
    return list(pages(workspace, bread.public_id, draft.public_id, sent.public_id))


def pages(workspace: Workspace, bread: str, draft: str, sent: str) -> Iterator[str]:
    """Yield the addresses of the app's pages, those about a thing for one thing each."""
    someone = db.session.scalars(select(Subscriber).order_by(Subscriber.id).offset(500).limit(1)).one()
    design = db.session.scalars(select(Template).where(Template.workspace_id == workspace.id)).first()
    for path in (
        "",
        "lists",
        f"lists/{bread}",
        f"lists/{bread}/edit",
        "lists/new",
        "subscribers",
        "subscribers?q=anna",
        f"subscribers?q={urllib.parse.quote(someone.email[:6])}",
        f"subscribers?list={bread}",
        f"subscribers?list={bread}&status=active",
        f"subscribers?list={bread}&status=unsubscribed",
        f"subscribers?after={someone.public_id}",
        f"subscribers/{someone.public_id}",
        f"subscribers/{someone.public_id}/edit",
        "subscribers/new",
        "suppressions",
        "tags",
        "fields",
        "imports",
        "imports/new",
        "campaigns",
        "campaigns?q=loaf",
        "campaigns/new",
        f"campaigns/{draft}/edit",
        f"campaigns/{draft}/preview",
        f"campaigns/{draft}/readers?q=anna",
        f"campaigns/{draft}/review",
        f"campaigns/{sent}",
        f"campaigns/{sent}/progress",
        f"campaigns/{sent}/deliveries",
        f"campaigns/{sent}/deliveries?state=prepared",
        f"campaigns/{sent}/deliveries?state=held",
        f"campaigns/{sent}/deliveries?state=deferred",
        f"campaigns/{sent}/deliveries?state=deferred&domain=nowhere.example",
        "templates",
        *([f"templates/{design.public_id}/edit"] if design else []),
        "inbox",
        "settings",
        "settings/sending",
        "settings/domains",
        "members",
        "keys",
        "reports",
        "returns",
        "segments",
        "segments/new",
        "forms",
        "forms/new",
        "transactional",
        "settings/webhooks",
        "settings/webhooks/new",
        "settings/returns",
        "settings/tracking",
        "settings/transactional",
    ):
        yield f"/w/{workspace.slug}/{path}"
    yield "/profile"


if __name__ == "__main__":
    main()
