"""A database that is not there yet, or never will be."""

import threading

import pytest

from mailer.app import create_app
from mailer.config import load
from mailer.proof import postgres
from mailer.runtime.database import require_database
from mailer.runtime.supervisor import CannotStart

SECRET_KEY = "x" * 32


def an_app(where, url):
    settings = {"MAILER_DATA_DIR": str(where), "MAILER_SECRET_KEY": SECRET_KEY, "MAILER_DATABASE_URL": url}
    return create_app(load(settings))


def test_a_file_that_cannot_be_opened_is_told_at_once(tmp_path):
    app = an_app(tmp_path, f"sqlite:///{tmp_path}/no/such/folder/mailer.db")
    with app.app_context(), pytest.raises(CannotStart, match="unable to open"):
        require_database(patience=60)


def test_a_server_that_starts_is_waited_for(tmp_path):
    with postgres.cluster() as cluster:
        cluster.stop_at_once()
        app = an_app(tmp_path, cluster.url % "postgres")
        with app.app_context():
            with pytest.raises(CannotStart, match="The database cannot be used: "):
                require_database(patience=0)
            starting = threading.Thread(target=cluster.start)
            starting.start()
            require_database(patience=60)
            starting.join()
