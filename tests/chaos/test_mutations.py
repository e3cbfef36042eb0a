"""The test of the test: a sender that is broken on purpose does not get through a storm."""

import re
from pathlib import Path

import pytest

from mailer.proof import processes
from mailer.proof.chaos import Plan, chaos
from mailer.proof.product import ROOT

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not processes.is_known(), reason="reads /proc"),
]

#: What is broken, how many are killed meanwhile, and what the storm must say about it.
MUTATIONS = {
    "the_checkpoint_is_moved": (0, "lost: "),
    "nothing_is_journaled": (4, "duplicated: "),
    "nobody_listens": (0, "sent after leaving: "),
    "bodies_are_mixed_up": (0, "crossed: "),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_storm_finds_what_is_broken(mutation):
    kills, complaint = MUTATIONS[mutation]
    path = f"{Path(__file__).parent / 'mutations'}:{ROOT}"

    figures = chaos(Plan(recipients=500, kills=kills), print, PYTHONPATH=path, MUTATION=mutation)

    assert any(re.match(complaint, missed) for missed in figures.missed()), figures
