"""Messages that programs ask for, while what takes and what sends them is killed."""

import pytest

from mailer.proof import processes
from mailer.proof.chaos_emails import chaos_emails

pytestmark = pytest.mark.skipif(not processes.is_known(), reason="reads /proc")


def test_one_key_makes_one_message_whatever_dies(database_kind: str):
    figures = chaos_emails(database_kind, keys=60, kills=4, seed=7, tell=print)

    assert not figures.missed(), "\n".join(figures.lines(database_kind))
