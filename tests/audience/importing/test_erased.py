"""An import does not bring back who was erased."""

from mailer.audience.erase import erase_subscribers
from mailer.audience.models import Erasure
from mailer.audience.queries.subscribers import subscriber_by_email
from mailer.db import db
from mailer.lib.clock import utcnow
from tests import factories
from tests.audience.importing.conftest import run


def test_who_was_erased_is_not_imported_again_but_may_come_back(workspace, other_workspace, upload, begin):
    rosa = factories.subscriber(workspace, "rosa@example.com")
    stranger = factories.subscriber(other_workspace, "sam@example.com")

    assert erase_subscribers(workspace.id, [rosa.id, stranger.id], now=utcnow()) == 1
    people = "email,name\nROSA@example.com,Rosa\nsam@example.com,Sam\n"
    source = run(begin(upload(people)))

    assert (source.added_count, source.refused_count) == (1, 1)
    assert subscriber_by_email(workspace.id, "rosa@example.com") is None
    (mark,) = db.session.query(Erasure)
    assert "rosa" not in mark.mark
    factories.subscriber(workspace, "rosa@example.com")
    assert run(begin(upload(people))).updated_count == 1
