"""Messages that programs ask for: what is taken, what arrives, what is refused."""

import base64
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from mailer.consent.models import StreamSuppression, SuppressionReason
from mailer.consent.suppress import suppress
from mailer.db import db
from mailer.delivery import sweep
from mailer.delivery.models import Delivery, DeliveryState, Message, TrackingMode
from mailer.lib.clock import utcnow
from mailer.tracking.settings import Tracking, save_tracking
from tests import factories
from tests.support.smtp import TAKE_AND_CUT
from tests.transactional.conftest import read, receipt

EMAILS = "/api/v1/emails"
LOGO = factories.picture_bytes()


def states() -> dict[str, str]:
    db.session.expire_all()
    return {each.email: each.state.value for each in db.session.scalars(select(Delivery))}


def test_a_message_is_written_down_sent_and_told_of(shop, smtp, work_off):
    sent = shop.post(EMAILS, json=receipt(tags=["receipt"]))
    work_off()

    assert sent.status_code == 200
    assert sent.json["id"].startswith("msg_")
    mail = read(smtp.received[0])
    assert (mail["from"], mail["to"]) == ("Ana <ana@bakery.example>", "sam@example.com")
    assert mail["subject"] == "Your receipt"
    assert "€ 12.40" in mail.get_body(("html",)).get_content()
    assert mail.get_body(("plain",)).get_content().strip() == "That was € 12.40."
    shown = shop.get(f"{EMAILS}/{sent.json['id']}").json
    assert (shown["status"], shown["tags"], shown["stream"]) == ("sent", ["receipt"], "transactional")
    events = shop.get(f"{EMAILS}/{sent.json['id']}/events").json["data"]
    assert [event["type"] for event in events] == ["email.queued", "email.sent"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ({"html": '<p>Your <a href="https://a.example/1">order</a></p>'}, "Your order <https://a.example/1>"),
        ({"html": "<p>Your order</p>", "text": "Order 17"}, "Order 17"),
        ({"html": "<p>Your order</p>", "text": ""}, ""),
        ({"html": "<!-- nothing to read -->"}, ""),
    ],
)
def test_a_text_part_is_what_was_written_or_else_what_the_html_says(shop, smtp, work_off, words, text):
    sent = shop.post(EMAILS, json=receipt(**words))
    work_off()

    mail = read(smtp.received[0])
    assert mail.get_body(("plain",)).get_content().strip() == text
    assert mail.get_body(("html",)).get_content().strip() == words["html"]
    assert shop.get(f"{EMAILS}/{sent.json['id']}").json["text"].strip() == text
    assert shop.post(f"{EMAILS}/render", json=receipt(**words)).json["text"].strip() == text


def test_what_looks_like_a_merge_tag_goes_out_as_it_stands(shop, smtp, work_off):
    words = "<p>{{ 7 * 7 }} {% raw %} {{{x}}} </p>"

    for is_tracked in (False, True):
        shop.post(EMAILS, json=receipt(subject="{{ subject }}", html=words, track=is_tracked))
    work_off()

    for received in smtp.received:
        mail = read(received)
        assert mail["subject"] == "{{ subject }}"
        assert "{{ 7 * 7 }} {% raw %} {{{x}}}" in mail.get_body(("html",)).get_content()


def test_everybody_named_gets_it_and_only_a_blind_copy_is_not_named(shop, smtp, work_off):
    shop.post(
        EMAILS,
        json=receipt(
            to=["Sam Ö <sam@example.com>", "ben@example.com"],
            cc="cleo@example.com",
            bcc=["vera@example.com"],
            reply_to="help@bakery.example",
            headers={"X-Order": "17", "References": "<a@example.com>"},
        ),
    )
    work_off()

    assert {each.recipient for each in smtp.received} == {
        f"{name}@example.com" for name in ("sam", "ben", "cleo", "vera")
    }
    for received in smtp.received:
        mail = read(received)
        assert mail["to"] == "Sam Ö <sam@example.com>, ben@example.com"
        assert (mail["cc"], mail["bcc"]) == ("cleo@example.com", None)
        assert (mail["reply-to"], mail["x-order"]) == ("help@bakery.example", "17")


def test_files_arrive_under_safe_names_and_pictures_where_the_html_shows_them(shop, smtp, work_off):
    answer = shop.post(
        EMAILS,
        json=receipt(
            html='<img src="cid:logo">',
            attachments=[
                {"filename": "../../Rechnung Nº 17 – " + "ä" * 60 + ".pdf", "content": "aGVsbG8="},
                {"filename": "logo.png", "content": base64.b64encode(LOGO).decode(), "content_id": "logo"},
            ],
        ),
    )
    work_off()

    assert answer.status_code == 200
    mail = read(smtp.received[0])
    assert [part.get_content_type() for part in mail.walk()] == [
        *("multipart/mixed", "multipart/related", "multipart/alternative", "text/plain", "text/html"),
        *("image/png", "application/pdf"),
    ]
    related = mail.get_payload(0)
    assert related.get_param("type") == "multipart/alternative"
    attached = {part.get_filename(): part for part in mail.walk() if part.get_filename()}
    logo, invoice = attached
    assert invoice.startswith("Rechnung Nº 17 – ää")
    assert "/" not in invoice
    assert attached[invoice].get_content() == b"hello"
    assert attached[invoice].get_content_type() == "application/pdf"
    assert (attached[logo]["content-id"], attached[logo].get_content()) == ("<logo>", LOGO)
    assert 'src="cid:logo"' in mail.get_body(("html",)).get_content()


def test_a_counted_message_has_our_links_and_a_pixel(shop, smtp, work_off):
    shop.post(EMAILS, json=receipt(html='<a href="https://bakery.example/order">Order</a>', track=True))
    work_off()

    html = read(smtp.received[0]).get_body(("html",)).get_content()
    assert 'href="http://localhost/c/' in html
    assert 'src="http://localhost/o/' in html
    assert db.session.scalar(select(Message.links)) == ["https://bakery.example/order"]


@pytest.mark.parametrize("mode", [TrackingMode.ANONYMOUS, TrackingMode.NONE])
def test_no_program_counts_more_than_its_workspace_does(shop, workspace, smtp, work_off, mode):
    save_tracking(workspace.id, Tracking(mode=mode))
    db.session.commit()

    shop.post(EMAILS, json=receipt(html='<a href="https://bakery.example/order">Order</a>', track=True))
    work_off()

    html = read(smtp.received[0]).get_body(("html",)).get_content()
    assert html.strip() == '<a href="https://bakery.example/order">Order</a>'
    message = db.session.scalars(select(Message)).one()
    assert (message.is_tracked, message.tracking) == (False, TrackingMode.NONE)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": []}, "to"),
        ({"to": "nobody"}, "to"),
        ({"to": [f"a{n}@example.com" for n in range(51)]}, "to"),
        ({"from": "Ana <ana>"}, "from"),
        ({"from": "Ana\r\nBcc: eve@example.com <ana@example.com>"}, "from"),
        ({"subject": ""}, "subject"),
        ({"subject": "a\nBcc: eve@example.com"}, "subject"),
        ({"html": ""}, "html"),
        ({"html": "\ud800"}, "html"),
        ({"html": "\0"}, "html"),
        ({"headers": {"Received": "x"}}, "headers"),
        ({"headers": {"Bcc": "eve@example.com"}}, "headers"),
        ({"headers": {"X-Mailer-Stream": "x"}}, "headers"),
        ({"headers": {"X-A": "a\r\nBcc: eve@example.com"}}, "headers"),
        ({"attachments": [{"filename": "a.txt", "content": "%"}]}, "attachments"),
        ({"attachments": [{"filename": "a.txt"}]}, "attachments"),
        ({"attachments": [{"media_id": "pic_x"}]}, "attachments"),
        ({"attachments": [{"filename": "a", "content": "YQ==", "content_type": "a\r\nb"}]}, None),
        (
            {"attachments": [{"filename": "a", "content": "YQ==", "content_type": "message/rfc822"}]},
            "attachments",
        ),
        ({"tags": ["x" * 101]}, "tags"),
        ({"stream": "Not A Stream"}, "stream"),
        ({"scheduled_at": "2999-01-01T00:00:00Z"}, "scheduled_at"),
        ({"scheduled_at": "2026-01-01T00:00:00"}, "scheduled_at"),
        ({"template": {"alias": "unknown"}}, "template"),
        ({"track": True, "html": '<a href="javascript:x">x</a>'}, None),
    ],
)
def test_what_cannot_be_sent_is_refused_by_its_field(shop, changes, field):
    answer = shop.post(EMAILS, json=receipt(**changes))

    assert answer.status_code == 422, answer.json
    if field is not None:
        assert answer.json["errors"][0]["field"].split(".")[0] == field
    assert db.session.scalar(select(func.count()).select_from(Message)) == 0


def test_a_suppressed_address_is_refused_with_its_reason(shop, workspace):
    suppress(workspace.id, "sam@example.com", SuppressionReason.HARD_BOUNCE)
    suppress(workspace.id, "ben@example.com", SuppressionReason.UNSUBSCRIBED)
    db.session.commit()

    refused = shop.post(EMAILS, json=receipt(to="Sam@example.com"))
    taken = shop.post(EMAILS, json=receipt(to="ben@example.com"))

    assert (refused.status_code, taken.status_code) == (422, 200)
    assert "does not exist" in refused.json["message"]


def test_a_closed_stream_leaves_the_others_open_also_when_it_closes_meanwhile(
    shop, workspace, smtp, work_off
):
    for stream in ("receipts", "alerts"):
        assert shop.post(EMAILS, json=receipt(stream=stream)).status_code == 200
    factories.add(
        StreamSuppression(
            workspace_id=workspace.id,
            stream="alerts",
            email_key="sam@example.com",
            reason=SuppressionReason.COMPLAINT,
        )
    )
    work_off()

    assert len(smtp.received) == 1
    assert read(smtp.received[0])["feedback-id"].startswith("receipts:")
    refused = shop.post(EMAILS, json=receipt(stream="alerts"))
    assert (refused.status_code, "unwanted" in refused.json["message"]) == (422, True)


def test_a_later_message_waits_moves_and_is_taken_back(shop, smtp, work_off):
    with time_machine.travel(utcnow(), tick=False) as clock:
        in_an_hour = (utcnow() + timedelta(hours=1)).isoformat()
        first = shop.post(EMAILS, json=receipt(scheduled_at=in_an_hour)).json["id"]
        second = shop.post(EMAILS, json=receipt(to="ben@example.com", scheduled_at=in_an_hour)).json["id"]
        assert shop.get(f"{EMAILS}/{first}").json["status"] == "scheduled"
        moved = shop.patch(
            f"{EMAILS}/{first}", json={"scheduled_at": (utcnow() + timedelta(hours=3)).isoformat()}
        )
        cancelled = shop.post(f"{EMAILS}/{second}/cancel")
        assert (moved.json["status"], cancelled.json["status"]) == ("scheduled", "cancelled")
        clock.shift(timedelta(hours=2))
        sweep.sweep_deliveries(now=utcnow())
        work_off()
        assert smtp.received == []
        clock.shift(timedelta(hours=2))
        sweep.sweep_deliveries(now=utcnow())
        work_off()

    assert [each.recipient for each in smtp.received] == ["sam@example.com"]
    too_late = shop.post(f"{EMAILS}/{first}/cancel")
    assert too_late.status_code == 409
    assert shop.post(f"{EMAILS}/{second}/cancel").status_code == 200


def test_what_is_in_doubt_goes_out_again_under_its_message_id(shop, smtp, work_off):
    answers = iter([TAKE_AND_CUT])
    smtp.script = lambda stage, recipient: next(answers, None) if stage == "dot" else None
    with time_machine.travel(utcnow(), tick=False) as clock:
        sent = shop.post(EMAILS, json=receipt()).json["id"]
        work_off()
        assert shop.get(f"{EMAILS}/{sent}").json["status"] == "delivery_delayed"
        clock.shift(timedelta(minutes=1))
        sweep.sweep_deliveries(now=utcnow())
        work_off()

    first, second = map(read, smtp.received)
    assert first["message-id"] == second["message-id"]
    assert states() == {"sam@example.com": "accepted"}
    events = [event["type"] for event in shop.get(f"{EMAILS}/{sent}/events").json["data"]]
    assert events == ["email.queued", "email.delivery_delayed", "email.sent"]


def test_a_batch_answers_for_each_in_order_or_for_all(shop, workspace):
    suppress(workspace.id, "gone@example.com", SuppressionReason.HARD_BOUNCE)
    db.session.commit()
    emails = [
        receipt(),
        receipt(to="gone@example.com"),
        receipt(to="no address"),
        receipt(to="ben@example.com"),
    ]

    strict = shop.post(f"{EMAILS}/batch", json={"emails": emails})
    permissive = shop.post(f"{EMAILS}/batch", json={"emails": emails, "mode": "permissive"})

    assert strict.status_code == 422
    assert [error["field"] for error in strict.json["errors"]] == ["emails.1", "emails.2"]
    items = permissive.json["data"]
    assert [bool(item["id"]) for item in items] == [True, False, False, True]
    assert "does not exist" in items[1]["error"]["message"]
    assert set(states()) == {"sam@example.com", "ben@example.com"}


def test_one_key_makes_one_message(shop):
    keys = {"Idempotency-Key": "order-17"}

    first = shop.post(EMAILS, json=receipt(), headers=keys)
    again = shop.post(EMAILS, json=receipt(), headers=keys)
    other = shop.post(EMAILS, json=receipt(subject="Other"), headers=keys)

    assert first.json == again.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other.status_code == 409
    assert db.session.scalar(select(func.count()).select_from(Message)) == 1


def test_the_log_is_searched_and_shows_nothing_of_others(shop, program, other_workspace):
    theirs = program(other_workspace)
    shop.post(EMAILS, json=receipt(tags=["receipt"], stream="receipts"))
    shop.post(EMAILS, json=receipt(to="ben@example.com"))
    theirs.post(EMAILS, json=receipt(tags=["receipt"]))

    def found(**query):
        return [each["to"] for each in shop.get(EMAILS, query_string=query).json["data"]]

    assert found() == [["ben@example.com"], ["sam@example.com"]]
    assert found(tag="receipt") == found(stream="receipts") == found(email="sam@example.com")
    assert found(tag="receipt") == [["sam@example.com"]]
    assert found(state=DeliveryState.ACCEPTED.value) == []
    page = shop.get(EMAILS, query_string={"limit": 1}).json
    assert page["has_more"]
    assert len(shop.get(EMAILS, query_string={"after": page["data"][0]["id"]}).json["data"]) == 1
