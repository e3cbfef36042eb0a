"""What ``mailer chaos`` prints."""

from collections.abc import Iterator, Mapping

from mailer.proof.chaos import Plan
from mailer.proof.verdict import Figures


def lines(plan: Plan, figures: Figures) -> Iterator[str]:
    """Yield one storm's figures as a table."""
    yield ""
    yield f"{plan.database}, seed {plan.seed}: {figures.audience:,} recipients of two campaigns"
    yield f"  states      {_listed(figures.states)}"
    yield f"  kills       {_listed(figures.kills)}"
    yield f"  faults      {_listed(figures.faults)}"
    for name in ("lost", "silently_skipped", "duplicated", "wrongly_failed", "sent_after_leaving"):
        yield _row(name.replace("_", " "), getattr(figures, name))
    yield _row("cross-talk", figures.crossed)
    yield _row("unbalanced", figures.unbalanced)
    yield (
        f"  {'in doubt':<22}{figures.in_doubt:>7,}   of which {figures.in_doubt_arrived:,} had arrived; "
        f"at most {figures.in_doubt_allowed:,}"
    )
    recovery = figures.recovery_seconds
    said = "over too soon to tell" if recovery is None else f"{recovery:.0f} s after the last kill"
    yield f"  {'back to 90 % speed':<22}{said:>10}"
    missed = figures.missed()
    yield f"  MISSED: {'; '.join(missed)}" if missed else "  Every promise was kept."


def _row(name: str, number: int) -> str:
    return f"  {name:<22}{number:>7,}"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in sorted(counts.items())) or "none"
