"""Clicks while the server is killed: each that was answered is on disk, once."""

from mailer.proof.clicks import survive_kills


def test_a_killed_server_loses_no_answered_click_and_doubles_none():
    survived = survive_kills(2, clicks_between=150)

    assert survived.answered >= 300
    assert (survived.lost, survived.doubled) == (0, 0)
