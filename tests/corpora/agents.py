"""How many labelled user agents are told apart as people told them apart."""

import json
from dataclasses import dataclass
from pathlib import Path

from mailer.tracking.agents import read_agent
from tests.corpora import FOLDER


@dataclass
class Score:
    """Machines found, people taken for machines, by name."""

    machines: int
    missed: list[str]
    people: int
    false: list[str]
    clients_called_machines: int

    @property
    def recall(self) -> float:
        return 1 - len(self.missed) / self.machines

    @property
    def false_rate(self) -> float:
        return len(self.false) / self.people

    def lines(self) -> list[str]:
        """The figures, as a person reads them."""
        return [
            f"machines found  {self.machines - len(self.missed)} of {self.machines}  {self.recall:.1%}",
            f"browsers called machines  {len(self.false)} of {self.people}  {self.false_rate:.2%}",
        ]


def score(folder: Path = FOLDER) -> Score:
    """Read every labelled user agent."""
    labelled = json.loads((folder / "useragents" / "labelled.json").read_text())
    machines = [entry["ua"] for entry in labelled["bots"]]
    clients = [
        entry["ua"] for entry in labelled["mail_clients"] if not entry["family"].endswith(("Bot", "_Bot"))
    ]
    return Score(
        len(machines),
        [text for text in machines if not read_agent(text).is_machine],
        len(labelled["browsers"]),
        [text for text in labelled["browsers"] if read_agent(text).is_machine],
        # Slack's fetches a preview for nobody in particular.
        sum(read_agent(text).is_machine for text in clients if "Slack" not in text),
    )
