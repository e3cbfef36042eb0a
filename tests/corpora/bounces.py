"""How many labelled bounces, complaints and replies are read as people read them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mailer.bounces.parsers.returned import Kind, Returned, read_returned
from tests.corpora import FOLDER


@dataclass
class Expected:
    """What a mail says of one recipient; ``hard`` is None where the corpus does not tell."""

    recipient: str
    hard: bool | None = None
    kind: Kind = Kind.BOUNCE


@dataclass
class Score:
    """Right answers of all questions, and the wrong ones by name."""

    recipients: int = 0
    recipients_right: int = 0
    hardness: int = 0
    hardness_right: int = 0
    complaints: int = 0
    complaints_missed: int = 0
    answers: int = 0
    answers_called_bounces: int = 0
    mistakes: list[str] = field(default_factory=list)

    @property
    def recipient_rate(self) -> float:
        return self.recipients_right / self.recipients if self.recipients else 1.0

    @property
    def hardness_rate(self) -> float:
        return self.hardness_right / self.hardness if self.hardness else 1.0

    def lines(self) -> list[str]:
        """The figures, as a person reads them."""
        return [
            f"right recipient  {self.recipients_right} of {self.recipients}  {self.recipient_rate:.1%}",
            f"right hard/soft  {self.hardness_right} of {self.hardness}  {self.hardness_rate:.1%}",
            f"complaints missed  {self.complaints_missed} of {self.complaints}",
            f"auto-replies called bounces  {self.answers_called_bounces} of {self.answers}",
        ]


def score(folder: Path = FOLDER) -> Score:
    """Read every mail of the corpora."""
    total = Score()
    for path, expected in labelled(folder):
        _compare(total, str(path.relative_to(folder)), read_returned(path.read_bytes()), expected)
    return total


def labelled(folder: Path) -> Iterator[tuple[Path, list[Expected]]]:
    """Yield every mail with what people say about it."""
    bounces = folder / "bounces"
    for name, hard in (("sisimai", "hard_bounce"), ("php-bounce-handler", "hard")):
        truth = json.loads((bounces / f"{name}-expected.json").read_text())
        for file, results in truth.items():
            yield bounces / name / file, [_expected(result, result[hard]) for result in results]
    truth = json.loads((bounces / "flufl" / "expected.json").read_text())
    for file, result in truth.items():
        # What it calls permanent is every refusal; only what it calls temporary is sure.
        soft = [Expected(address.lower(), hard=False) for address in result["temporary"]]
        yield (
            bounces / "flufl" / "data" / file,
            soft + [Expected(each.lower()) for each in result["permanent"]],
        )
    for path in sorted((folder / "arf").rglob("*.eml")):
        told = json.loads(path.with_suffix(".json").read_text())
        recipient = (told["original_rcpt_to"] or "").strip("<>").lower()
        yield path, [Expected(recipient, kind=Kind.COMPLAINT)]


def _expected(result: dict, hard: bool) -> Expected:
    recipient = (result["recipient"] or "").lower()
    if recipient.endswith(".invalid"):  # Sisimai's word for “it does not say”
        recipient = ""
    kind = {"feedback": Kind.COMPLAINT, "vacation": Kind.AUTO_REPLY, "delivered": Kind.DELIVERED}
    return Expected(recipient, hard, kind.get(result["reason"], Kind.BOUNCE))


def _compare(total: Score, name: str, told: Returned, expected: list[Expected]) -> None:
    named = {address.lower() for address in told.recipients}
    hardness = {failure.recipient.lower(): failure.hard for failure in told.failures}
    for each in expected:
        if each.recipient:
            total.recipients += 1
            is_right = each.recipient in named
            total.recipients_right += is_right
            if not is_right:
                total.mistakes.append(f"{name}: {sorted(named)} instead of {each.recipient}")
        if each.kind is Kind.COMPLAINT:
            total.complaints += 1
            total.complaints_missed += told.as_dict()["class"] != Kind.COMPLAINT
        elif each.kind is Kind.AUTO_REPLY:
            total.answers += 1
            total.answers_called_bounces += told.kind is Kind.BOUNCE
        elif each.hard is not None and each.kind is Kind.BOUNCE:
            total.hardness += 1
            only = next(iter(hardness.values())) if len(hardness) == 1 else None
            is_right = bool(hardness.get(each.recipient, only)) == each.hard
            total.hardness_right += is_right
            if not is_right:
                total.mistakes.append(f"{name}: {each.recipient} is {'hard' if each.hard else 'soft'}")
