import pytest

from mailer.consent.models import LiftedSuppression, StreamSuppression, SuppressionReason
from mailer.consent.suppress import lift_suppression, suppress, suppression_of
from mailer.db import db
from mailer.errors import Invalid


def test_the_first_reason_stays(workspace):
    suppress(workspace.id, "Ann@Example.com", SuppressionReason.HARD_BOUNCE, detail="550 No such user")
    again = suppress(workspace.id, "ann@example.com", SuppressionReason.MANUAL)

    assert again.reason is SuppressionReason.HARD_BOUNCE
    assert again.detail == "550 No such user"


def test_a_suppression_belongs_to_one_workspace(workspace, other_workspace):
    suppress(other_workspace.id, "ann@example.com", SuppressionReason.MANUAL)

    assert suppression_of(workspace.id, "ann@example.com") is None


def test_lifting_keeps_who_and_why(workspace, ana):
    suppression = suppress(workspace.id, "ann@example.com", SuppressionReason.HARD_BOUNCE)

    lift_suppression(suppression, words="She wrote that her mailbox works again.", actor_id=ana.id)

    assert suppression_of(workspace.id, "ann@example.com") is None
    kept = db.session.query(LiftedSuppression).one()
    assert (kept.email_key, kept.actor_id) == ("ann@example.com", ana.id)


def test_lifting_takes_a_reason(workspace, ana):
    suppression = suppress(workspace.id, "ann@example.com", SuppressionReason.MANUAL)

    with pytest.raises(Invalid):
        lift_suppression(suppression, words="  ", actor_id=ana.id)


def test_a_stream_is_closed_seen_and_opened_again_by_itself(sign_in, ana, workspace):
    browser = sign_in(ana)

    closed = browser.post(
        "/w/bakery/suppressions",
        data={"email": "Ann@example.com", "stream": "receipts", "detail": "Asked by telephone."},
    )
    page = browser.get("/w/bakery/suppressions/streams")
    standing = db.session.query(StreamSuppression).one()
    lifted = browser.post(
        f"/w/bakery/suppressions/streams/{standing.public_id}/lift", data={"words": "She wants them again."}
    )

    assert closed.status_code == lifted.status_code == 302
    for words in ("ann@example.com", "receipts", "Manual", "Asked by telephone."):
        assert words in page.text
    assert suppression_of(workspace.id, "ann@example.com") is None
    assert db.session.query(StreamSuppression).count() == 0
    assert "receipts" in db.session.query(LiftedSuppression).one().detail
