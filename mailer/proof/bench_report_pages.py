"""``mailer bench report-pages``: how fast the report of a large campaign answers, and whether it is true.

Every page about it, the people behind each figure, the first byte of each file, and the
pages about the whole workspace and its domain, by the real web server, one request after
the other. Before that each figure is held against the rows that it is a sum of.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select

from mailer.app import create_app
from mailer.bounces.models import Return
from mailer.bounces.parsers.returned import Kind
from mailer.campaigns.behind import Deed
from mailer.campaigns.models import Campaign
from mailer.campaigns.report import report
from mailer.campaigns.worth import worth_of
from mailer.db import db
from mailer.delivery.domains import add_domain
from mailer.delivery.models import Delivery, DeliveryState, SendingDomain
from mailer.lib.clock import utcnow
from mailer.proof import postgres
from mailer.proof.large_campaign import EMAIL, sent_to
from mailer.proof.product import Product
from mailer.proof.visitor import Timed, Visitor
from mailer.reports.snapshot import take_snapshots
from mailer.runtime.migrations import migrate_to
from mailer.tracking.models import Click, Conversion, Open
from mailer.tracking.verdicts import HUMAN_VERDICTS

#: What is promised of each page at the 95th percentile.
SLOWEST_MS: Final = 300

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Total:
    """A figure of the report beside what the rows come to."""

    name: str
    reported: int
    rows: int

    @property
    def is_right(self) -> bool:
        """Whether they are the same."""
        return self.reported == self.rows

    def line(self) -> str:
        """Return it in words."""
        verdict = "right" if self.is_right else "WRONG"
        return f"{self.name:<32} {self.reported:>10,} {self.rows:>10,} rows  {verdict}"


@dataclass(frozen=True)
class Measured:
    """What one database came to."""

    database: str
    totals: list[Total]
    pages: list[Timed]

    @property
    def is_good(self) -> bool:
        """Whether every figure is right and every page fast."""
        return all(each.is_right for each in self.totals) and all(
            each.p95 <= SLOWEST_MS for each in self.pages
        )

    def lines(self) -> Iterator[str]:
        """Yield it in words."""
        yield f"{self.database}"
        yield from (each.line() for each in self.totals)
        yield f"{'page':<72} {'median':>9} {'p95':>9}"
        for page in self.pages:
            slow = "" if page.p95 <= SLOWEST_MS else "  TOO SLOW"
            yield f"{page.path:<72} {page.median:6.0f} ms {page.p95:6.0f} ms{slow}"


def bench_report_pages(database: str, *, people: int, requests: int, tell: Tell) -> Measured:
    """Make a campaign to so many people, and measure its report.

    :param database: ``sqlite`` or ``postgresql``
    :param requests: of each page
    """
    password = token_urlsafe()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mailer-bench-"))
        settings = {}
        if database == "postgresql":
            url = stack.enter_context(postgres.server(postgres.DURABLE))
            settings["MAILER_DATABASE_URL"] = url % "postgres"
        product = Product(Path(folder), **settings)
        with create_app(product.settings).app_context():
            migrate_to("head")
            campaign = _filled(people, password, tell)
            domain = add_domain(campaign.workspace_id, "bakery.example")
            db.session.commit()
            totals, paths, files = _totals(campaign), _pages(campaign, domain), _files(campaign)
            db.session.remove()
            db.engine.dispose()
        stack.callback(product.stop)
        product.start()
        visitor = Visitor(product.base_url, email=EMAIL, password=password)
        pages = [visitor.time(path, times=requests) for path in paths]
        pages += [visitor.time(path, times=min(requests, 5), until_first_byte=True) for path in files]
    return Measured(database, totals, pages)


def _filled(people: int, password: str, tell: Tell) -> Campaign:
    campaign: Campaign | None = None
    for step in sent_to(people, password=password, now=utcnow()):
        if isinstance(step, Campaign):
            campaign = step
        else:
            tell(step)
    assert campaign is not None
    take_snapshots(now=utcnow())
    tell("sums and a snapshot")
    return campaign


def _totals(campaign: Campaign) -> list[Total]:
    found, worth = report(campaign), worth_of(campaign.id)

    def rows(model: Any, *which: ColumnElement[bool]) -> int:
        return db.session.scalar(select(func.count()).where(model.campaign_id == campaign.id, *which)) or 0

    def readers(model: Any, *which: ColumnElement[bool]) -> int:
        query = select(func.count(model.delivery_id.distinct()))
        return db.session.scalar(query.where(model.campaign_id == campaign.id, *which)) or 0

    totals = [
        Total("accepted", found.accepted, rows(Delivery, Delivery.state == DeliveryState.ACCEPTED)),
        Total("rejected", found.rejected, rows(Delivery, Delivery.state == DeliveryState.REJECTED)),
        Total("left", found.unsubscribes, rows(Delivery, Delivery.unsubscribed_at.is_not(None))),
        Total("hard bounces", found.returns.hard, readers(Return, Return.is_hard.is_(True))),
        Total("complaints", found.returns.complaints, readers(Return, Return.kind == Kind.COMPLAINT)),
        Total("orders", sum(each.orders for each in worth.sales), rows(Conversion)),
        Total("buyers", worth.people, readers(Conversion)),
    ]
    for name, tally, model in (("opens", found.opens, Open), ("clicks", found.clicks, Click)):
        by_people = model.verdict.in_(HUMAN_VERDICTS)
        totals += [
            Total(name, tally.total, rows(model)),
            Total(f"{name} by people", tally.human_total, rows(model, by_people)),
            Total(f"{name}, readers", tally.people, readers(model)),
            Total(f"{name}, people", tally.human_people, readers(model, by_people)),
        ]
    return totals


def _pages(campaign: Campaign, domain: SendingDomain) -> list[str]:
    base = f"/w/{campaign.workspace.slug}"
    here = f"{base}/campaigns/{campaign.public_id}"
    message = campaign.message
    assert message is not None
    links = [each for each in range(len(message.links)) if each != message.trap_link]
    middle = _middle_of(campaign)
    return [
        f"{base}/",
        f"{base}/reports",
        f"{base}/campaigns",
        f"{base}/returns",
        f"{base}/returns?kind=bounce",
        f"{base}/settings/domains/{domain.public_id}",
        f"{base}/settings/domains/{domain.public_id}/health",
        here,
        f"{here}/click-map/preview",
        f"{here}/deliveries",
        f"{here}/deliveries?state=rejected",
        f"{here}/deliveries?after={middle}",
        *(f"{here}/people?did={deed}" for deed in Deed),
        *(f"{here}/people?did={deed}&after={middle}" for deed in Deed),
        # The most followed link, and the one that hardly anybody followed.
        *(f"{here}/people?did=clicked&link={number}" for number in (links[0], links[-1])),
    ]


def _middle_of(campaign: Campaign) -> str:
    """Return the delivery that as many come before as after: where deep pages begin."""
    of_it = select(Delivery).where(Delivery.campaign_id == campaign.id)
    size = db.session.scalar(select(func.count()).select_from(of_it.subquery())) or 0
    return db.session.scalars(of_it.order_by(Delivery.id).offset(size // 2).limit(1)).one().public_id


def _files(campaign: Campaign) -> list[str]:
    here = f"/w/{campaign.workspace.slug}/campaigns/{campaign.public_id}"
    return [f"{here}/report.csv", *(f"{here}/people.csv?did={deed}" for deed in Deed)]
