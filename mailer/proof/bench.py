"""``mailer bench send``: a real campaign against Postfix's smtp-source, turn by turn.

Both send the same number of messages of the same size to the same smtp-sink. The one
sends a constant; the other composes, personalises, tracks and records each. Only what
was measured side by side can be compared, so that they take turns, and medians of the
ratios of neighbours are what counts.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Final

from mailer.errors import Invalid
from mailer.proof import naive
from mailer.proof.installation import WARM_UP, Campaign, installation
from mailer.proof.postfix import Sent

#: How often each size of the curve is sent; short ones are noisy.
_TURNS: Final = {10_000: 3}
#: For the estimate alone: on a slow day, how many a second are sent, made, sealed, and sent one by one.
_SENT: Final = 3_000
_MADE: Final = 15_000
_SEALED: Final = 2_000
_SENT_NAIVELY: Final = 150

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is to be measured.

    :param databases: ``sqlite``, ``postgresql``, or the URL of an empty database
    :param sizes: recipients of each campaign of the curve
    :param workers: of campaigns; 0 for as many as an installation takes by itself
    :param dkim: ``none``, ``ed25519`` or ``rsa``: what signs every message
    """

    recipients: int = 100_000
    databases: Sequence[str] = ("sqlite", "postgresql")
    pairs: int = 5
    sizes: Sequence[int] = ()
    workers: int = 0
    dkim: str = "none"
    with_naive: bool = True

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
        naively = min(self.recipients, naive.MESSAGES) if self.with_naive else 0
        seconds = messages / _SENT + people / _MADE + people / _SEALED + naively / _SENT_NAIVELY + 60
        return len(self.databases) * seconds / 60


@dataclass
class Measured:
    """Everything about one database."""

    database: str
    workers: int
    dkim: str
    wire_bytes: int
    sources: list[Sent] = field(default_factory=list)
    campaigns: list[Campaign] = field(default_factory=list)
    curve: list[Campaign] = field(default_factory=list)
    #: Messages a second, one job each.
    naive_rate: float | None = None

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

    @property
    def naive_ratio(self) -> float | None:
        """The campaigns' rate, divided by that of one job a message."""
        if not self.campaigns or self.naive_rate is None:
            return None
        return median(each.rate for each in self.campaigns) / self.naive_rate

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
            "naive_ratio": self.naive_ratio,
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
    with installation(database, plan.workers) as bench:
        tell(f"{database}: making people.")
        for size in sorted({WARM_UP, plan.recipients, *plan.sizes}):
            bench.people(size)
        if plan.dkim != "none":
            bench.sign_by(plan.dkim)
        bench.start()
        measured = Measured(bench.kind, bench.product.settings.campaign_workers, plan.dkim, bench.weigh())
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
        if plan.with_naive:
            measured.naive_rate = naive.measure(bench, messages=min(plan.recipients, naive.MESSAGES))
            tell(f"{database}: one job a message, {measured.naive_rate:,.0f} a second.")
        return measured
