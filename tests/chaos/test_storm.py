"""Killing anything at any time loses nobody and mails nobody twice: a small storm.

``make chaos`` is a larger one.
"""

import pytest

from mailer.proof import chaos_report, processes
from mailer.proof.chaos import Plan, chaos

pytestmark = pytest.mark.skipif(not processes.is_known(), reason="reads /proc")


def test_a_storm_loses_nobody_and_mails_nobody_twice(database_kind):
    plan = Plan(seed=1, recipients=800, kills=6, database=database_kind)

    figures = chaos(plan, print)

    print("\n".join(chaos_report.lines(plan, figures)))
    assert figures.missed() == []
    assert sum(figures.kills.values()) == plan.kills
    assert figures.states["accepted"] > 0.85 * plan.recipients
