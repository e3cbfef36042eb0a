"""What ``mailer bench send`` prints."""

from collections.abc import Iterator, Sequence
from statistics import median

from mailer.proof.bench import Measured
from mailer.proof.installation import Campaign

#: What is promised.
LEAST_RATIO = {"none": 0.9, "ed25519": 0.3, "rsa": 0.3}
LEAST_NAIVE_RATIO = 20.0
MOST_CPU_RATIO = 3.0
MOST_MEGABYTES = 200.0
LEAST_SHARE_OF_SMALL = 0.95

_WIDTHS = (14, 10, 12, 16, 17)


def lines(measured: Measured) -> Iterator[str]:
    """Yield one database's figures as a table."""
    yield ""
    yield (
        f"{measured.database}, {measured.workers} campaign workers, "
        f"{measured.wire_bytes / 1000:.1f} kB a message on the wire, "
        f"{'unsigned' if measured.dkim == 'none' else f'signed with {measured.dkim}'}"
    )
    if measured.campaigns:
        yield from _pairs(measured)
    if measured.curve:
        yield from _curve(measured)


def _pairs(measured: Measured) -> Iterator[str]:
    sources, campaigns = measured.sources, measured.campaigns
    yield f"Medians of {len(campaigns)} pairs of {campaigns[0].recipients:,} messages:"
    yield f"{'':<22}{'a second':>10}{'seconds':>10}{'CPU µs/message':>17}"
    for name, turns in (("smtp-source", sources), ("campaign", campaigns)):
        yield (
            f"  {name:<20}{_median(turns, 'rate'):>10,.0f}{_median(turns, 'seconds'):>10.1f}"
            f"{_median(turns, 'cpu_microseconds'):>17.0f}"
        )
    ratios = measured.ratios
    each = " ".join(f"{ratio:.2f}" for ratio in ratios)
    yield _judged(
        f"  campaign ÷ smtp-source{median(ratios):>8.2f}  ({each})",
        median(ratios) >= LEAST_RATIO[measured.dkim],
        f"at least {LEAST_RATIO[measured.dkim]}",
    )
    if measured.naive_rate is not None and measured.naive_ratio is not None:
        yield _judged(
            f"  campaign ÷ naive      {measured.naive_ratio:>8.1f}  ({measured.naive_rate:,.0f} a second)",
            measured.naive_ratio >= LEAST_NAIVE_RATIO,
            f"at least {LEAST_NAIVE_RATIO:.0f}",
        )
    yield _judged(
        f"  CPU ÷ smtp-source's   {measured.cpu_ratio:>8.2f}",
        measured.cpu_ratio <= MOST_CPU_RATIO,
        f"at most {MOST_CPU_RATIO}",
    )
    peak = max(campaign.peak_megabytes for campaign in campaigns)
    yield _judged(
        f"  largest worker        {peak:>5.0f} MB", peak < MOST_MEGABYTES, f"under {MOST_MEGABYTES:.0f}"
    )
    yield f"  launch to first       {_median(campaigns, 'first_seconds'):>6.2f} s"
    if measured.database != "sqlite":
        taken = _beside(campaigns, "database_cpu_seconds")
        yield f"  database server       {taken:>5.0f} µs of CPU a message"
    taken = _beside(campaigns, "broker_cpu_seconds")
    yield f"  broker                {taken:>5.0f} µs of CPU a message"


def _curve(measured: Measured) -> Iterator[str]:
    rates = measured.rates_by_size()
    smallest, *_ = rates.values()
    heads = ("recipients", "a second", "÷ smallest", "largest worker", "launch to first")
    yield "".join(f"{head:>{width}}" for head, width in zip(heads, _WIDTHS, strict=True))
    for size, rate in rates.items():
        turns = [each for each in measured.curve if each.recipients == size]
        peak = max(each.peak_megabytes for each in turns)
        first = _median(turns, "first_seconds")
        cells = (f"{size:,}", f"{rate:,.0f}", f"{rate / smallest:.2f}", f"{peak:.0f} MB", f"{first:.2f} s")
        yield _judged(
            "".join(f"{cell:>{width}}" for cell, width in zip(cells, _WIDTHS, strict=True)),
            rate / smallest >= LEAST_SHARE_OF_SMALL,
            f"at least {LEAST_SHARE_OF_SMALL}",
        )


def _median(turns: Sequence[object], name: str) -> float:
    return median(getattr(turn, name) for turn in turns)


def _beside(campaigns: Sequence[Campaign], name: str) -> float:
    return median(getattr(campaign, name) / campaign.recipients * 1e6 for campaign in campaigns)


def _judged(line: str, is_met: bool, bar: str) -> str:
    return f"{line}  {'met' if is_met else 'MISSED'}: {bar}"
