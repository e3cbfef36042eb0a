"""What is used where nobody said otherwise."""

import os

import pytest

from mailer.config import BadSetting, load

POSTGRESQL = "postgresql://mailer@db.example/mailer"


@pytest.mark.parametrize(("cores", "workers"), [(1, 2), (2, 3), (8, 9), (64, 9), (None, 2)])
def test_on_postgresql_somebody_sends_while_others_wait(tmp_path, monkeypatch, cores, workers):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)

    settings = load({"MAILER_DATA_DIR": str(tmp_path), "MAILER_DATABASE_URL": POSTGRESQL})

    assert settings.campaign_workers == workers


def test_on_sqlite_two_send_however_many_cores_there_are(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 16)

    assert load({"MAILER_DATA_DIR": str(tmp_path)}).campaign_workers == 2


@pytest.mark.parametrize("url", ["", POSTGRESQL])
def test_whoever_says_how_many_workers_there_are_has_so_many(tmp_path, url):
    given = {"MAILER_DATA_DIR": str(tmp_path), "MAILER_DATABASE_URL": url}

    assert load({**given, "MAILER_CAMPAIGN_WORKERS": "5"}).campaign_workers == 5
    with pytest.raises(BadSetting, match="MAILER_CAMPAIGN_WORKERS"):
        load({**given, "MAILER_CAMPAIGN_WORKERS": "65"})
