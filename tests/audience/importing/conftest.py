"""A file goes all the way, as one call."""

import io

import pytest

from mailer.audience.importing.begin import ImportChoices, begin_import, prepare_import
from mailer.audience.importing.forecast import forecast_chunks
from mailer.audience.importing.receive import receive_upload
from mailer.audience.importing.run import import_chunks
from mailer.audience.importing.undo import undo_chunks, undo_import
from mailer.audience.models import Existing, ImportStatus
from mailer.db import db
from mailer.lib.clock import utcnow
from tests import factories
from tests.factories import refreshed

BASIS = "They signed up at the counter in May 2026."


def through(chunks):
    """Do the work of a job, commit by commit."""
    for _ in chunks:
        db.session.commit()


@pytest.fixture
def bread(workspace):
    return factories.mailing_list(workspace)


@pytest.fixture
def upload(workspace, ana):
    def receive(text, name="people.csv", to=workspace):
        data = text if isinstance(text, bytes) else text.encode()
        return receive_upload(to.id, file_name=name, file=io.BytesIO(data), actor_id=ana.id)

    return receive


@pytest.fixture
def forecast(bread):
    def check(source, *, mapping=None, **values):
        chosen = {
            "list_ids": [bread.public_id],
            "tag_names": [],
            "existing": Existing.FILL,
            "consent_basis": BASIS,
            **values,
        }
        prepare_import(source, ImportChoices(mapping or source.mapping, **chosen), now=utcnow())
        db.session.commit()
        through(forecast_chunks(source.id, now=utcnow()))
        return refreshed(source)

    return check


@pytest.fixture
def begin(forecast):
    def start(source, **values):
        source = forecast(source, **values)
        assert source.status is ImportStatus.CHECKED, source.error
        begin_import(source, now=utcnow())
        db.session.commit()
        return source

    return start


def run(source):
    through(import_chunks(source.id))
    return refreshed(source)


def undo(source):
    undo_import(source, now=utcnow())
    db.session.commit()
    through(undo_chunks(source.id))
    return refreshed(source)
