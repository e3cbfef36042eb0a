"""The gates: what other people's labelled mails say, and what we read in them."""

from tests.corpora import corpus
from tests.corpora.bounces import score


def test_labelled_bounces_and_complaints_are_read_as_people_read_them():
    corpus("bounces")

    total = score()

    assert total.recipient_rate >= 0.95, total.mistakes
    assert total.hardness_rate >= 0.95, total.mistakes
    assert total.complaints_missed == 0
    assert total.answers_called_bounces == 0
