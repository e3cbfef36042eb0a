"""A campaign's report as a table, for a spreadsheet: one figure a line, with what it is of."""

from collections.abc import Iterator

from mailer.campaigns.breakdown import breakdown, speed_of
from mailer.campaigns.models import Campaign
from mailer.campaigns.report import Report, by_hour
from mailer.tracking.models import Facet

_HEADINGS = ["section", "name", "figure", "people", "total"]


def report_rows(campaign: Campaign, report: Report) -> Iterator[list[str]]:
    """Yield the rows of a report, headings first; ``people`` counts each reader once."""
    yield _HEADINGS
    states = ("audience", "accepted", "rejected", "skipped", "held", "in_doubt", "waiting")
    for state in states:
        yield ["deliveries", state, "deliveries", str(getattr(report, state)), ""]
    for name, tally in (("opens", report.opens), ("clicks", report.clicks)):
        yield ["activity", name, "by anybody", str(tally.people), str(tally.total)]
        yield ["activity", name, "by people", str(tally.human_people), str(tally.human_total)]
    yield ["activity", "unsubscribes", "by people", str(report.unsubscribes), ""]
    for name in ("hard", "soft", "complaints", "replies", "auto_replies"):
        yield ["returns", name, "people", str(getattr(report.returns, name)), ""]
    for link in report.links:
        yield ["links", link.url, "by anybody", str(link.people), str(link.total)]
        yield ["links", link.url, "by people", str(link.human_people), str(link.human_total)]
    for facet in Facet:
        if facet is Facet.DELAY:
            continue
        for part in breakdown(campaign, facet):
            if part.accepted is not None:
                yield [facet.value, part.name, "accepted", str(part.accepted), ""]
            yield [facet.value, part.name, "opened by people", str(part.opened), ""]
            yield [facet.value, part.name, "clicked by people", str(part.clicked), ""]
    for end, number in speed_of(campaign).steps:
        words = f"within {end} minutes" if end is not None else "later"
        yield ["first open", words, "opened by people", str(number), ""]
    for hour in by_hour(campaign):
        yield ["hours", hour.at.isoformat(), "first opens by people", str(hour.opens), ""]
        yield ["hours", hour.at.isoformat(), "first clicks by people", str(hour.clicks), ""]
