"""The pages of whoever looks after the sending."""

import csv
import io

from sqlalchemy import select

from mailer.audience.models import SubscriptionStatus
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.consent.models import SuppressionReason
from mailer.consent.suppress import suppress
from mailer.db import db
from mailer.delivery import health, send
from mailer.delivery.models import Delivery, DeliveryState, Sender, Transport
from mailer.lib.clock import utcnow
from mailer.lib.ids import public_id
from tests import factories
from tests.delivery.conftest import deliveries
from tests.support.smtp import TAKE_AND_CUT, as_usual, sink


def page_of(run):
    return f"/w/bakery/campaigns/{public_id('cmp', run.campaign_id)}/deliveries"


def go_wrong(run, smtp):
    replies = {
        "reader-0@example.com": ("rcpt", "550 5.7.26 <b>no DKIM</b>"),
        "reader-1@example.com": ("dot", TAKE_AND_CUT),
    }

    def script(stage, recipient):
        at, answer = replies.get(recipient, ("", ""))
        return answer if stage == at else None

    smtp.script = script
    send.deliver_due()
    smtp.script = as_usual


def test_what_needs_a_decision_is_shown_first_with_the_server_s_words(
    sign_in, ben, bread, readers, launch, smtp
):
    run = launch(bread)
    go_wrong(run, smtp)
    client = sign_in(ben)

    doubtful = client.get(page_of(run)).text
    held = client.get(page_of(run) + "?state=held").text

    assert "reader-1@example.com" in doubtful
    assert "reader-0@example.com" not in doubtful
    assert "550 5.7.26 &lt;b&gt;no DKIM&lt;/b&gt;" in held


def test_one_whole_address_is_found_in_any_state(sign_in, ben, bread, readers, launch, smtp):
    run = launch(bread)
    go_wrong(run, smtp)

    page = sign_in(ben).get(page_of(run) + "?q=Reader-4@example.com").text

    assert "reader-4@example.com" in page
    assert "reader-3@example.com" not in page


def test_held_deliveries_are_tried_again_and_the_campaign_goes_on(
    sign_in, ben, bread, readers, launch, smtp, queued
):
    run = launch(bread)
    go_wrong(run, smtp)
    assert db.session.get(Campaign, run.campaign_id).status is CampaignStatus.FINISHED
    client = sign_in(ben)

    client.post(page_of(run) + "/resolve", data={"decision": "retry", "scope": "all", "state": "held"})

    db.session.expire_all()
    assert deliveries()["reader-0@example.com"].state is DeliveryState.PREPARED
    assert db.session.get(Campaign, run.campaign_id).status is CampaignStatus.SENDING
    db.session.rollback()
    send.deliver_due()
    assert len(smtp.of("reader-0@example.com")) == 1
    db.session.expire_all()
    assert db.session.get(Campaign, run.campaign_id).status is CampaignStatus.FINISHED


def test_doubt_is_resolved_for_the_chosen_ones(sign_in, ben, bread, readers, launch, smtp):
    run = launch(bread)
    go_wrong(run, smtp)
    chosen = deliveries()["reader-1@example.com"].public_id

    sign_in(ben).post(
        page_of(run) + "/resolve", data={"decision": "arrived", "state": "in_doubt", "ids": [chosen]}
    )

    assert deliveries()["reader-1@example.com"].state is DeliveryState.ACCEPTED


def test_ids_of_another_campaign_are_not_touched(
    sign_in, cleo, bread, readers, launch, smtp, other_workspace
):
    run = launch(bread)
    go_wrong(run, smtp)
    chosen = deliveries()["reader-1@example.com"].public_id
    theirs = page_of(run).replace("/bakery/", "/cheese/")
    client = sign_in(cleo)

    assert client.get(theirs).status_code == 404
    assert client.get(theirs + ".csv").status_code == 404
    assert client.post(theirs + "/resolve", data={"decision": "arrived", "ids": [chosen]}).status_code == 404
    assert deliveries()["reader-1@example.com"].state is DeliveryState.IN_DOUBT


def test_a_viewer_looks_and_decides_nothing(sign_in, vera, bread, readers, launch, smtp):
    run = launch(bread)
    go_wrong(run, smtp)
    client = sign_in(vera)

    assert client.get(page_of(run)).status_code == 200
    assert (
        client.post(page_of(run) + "/resolve", data={"decision": "retry", "scope": "all"}).status_code == 403
    )
    assert client.get(page_of(run) + ".csv").status_code == 403


def test_the_export_is_safe_for_spreadsheets(sign_in, ben, bread, readers, launch, smtp):
    run = launch(bread)
    smtp.script = lambda stage, recipient: "550 5.1.1 gone" if stage == "rcpt" else None
    send.deliver_due()
    one = db.session.scalars(select(Delivery)).first()
    one.reply = "=HYPERLINK(1)"
    db.session.commit()

    answer = sign_in(ben).get(page_of(run) + ".csv?state=rejected")

    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert answer.mimetype == "text/csv"
    assert len(rows) == 5
    assert {row["reply"] for row in rows} == {"550 5.1.1 gone", "'=HYPERLINK(1)"}


SERVERS = "/w/bakery/settings/sending/servers"


def server_form(port, **values):
    return {
        "host": "127.0.0.1",
        "port": port,
        "tls": "off",
        "user": "",
        "password": "",
        "weight": 100,
        "connections": 4,
        "messages_per_connection": 100,
        **values,
    }


def stored_server():
    db.session.rollback()
    return db.session.scalars(select(Transport)).one()


def test_the_test_button_says_what_the_server_answered_and_saves_nothing(sign_in, ana):
    client = sign_in(ana)
    with sink() as server:
        good = client.post(f"{SERVERS}/test", data=server_form(server.port)).text
        server.script = lambda stage, recipient: "554 5.7.1 <go away>" if stage == "connect" else None
        bad = client.post(f"{SERVERS}/test", data=server_form(server.port)).text

    assert "lets us in." in good
    assert "554 5.7.1 &lt;go away&gt;" in bad
    assert db.session.scalars(select(Transport)).all() == []


def test_a_saved_server_is_used_and_its_password_never_shown(sign_in, ana, bread, readers, launch, smtp):
    launch(bread)
    client = sign_in(ana)
    with sink(extensions=("AUTH PLAIN",)) as own:
        form = server_form(own.port, user="ana", password="a long secret")
        assert client.post(SERVERS, data=form).status_code == 302
        page = client.get(f"{SERVERS}/{stored_server().public_id}").text
        db.session.rollback()
        send.deliver_due()

        assert "a long secret" not in page
        assert len(own.received) == 5
        assert smtp.received == []
    assert "secret" not in stored_server().password_encrypted


def test_a_stored_password_is_not_sent_to_another_server(sign_in, ana, app):
    client = sign_in(ana)
    client.post(SERVERS, data=server_form(2525, user="ana", password="a long secret"))
    one = f"{SERVERS}/{stored_server().public_id}"
    with sink(extensions=("AUTH PLAIN",)) as other:
        client.post(f"{one}/test", data=server_form(other.port, user="ana"))
        client.post(one, data=server_form(other.port, user="ana"))

    assert stored_server().password_encrypted == ""


def test_a_stored_password_stays_when_something_else_is_changed(sign_in, ana):
    client = sign_in(ana)
    client.post(SERVERS, data=server_form(2525, user="ana", password="a long secret"))
    kept = stored_server().password_encrypted

    client.post(f"{SERVERS}/{stored_server().public_id}", data=server_form(2525, user="ana", weight=10))

    assert (stored_server().password_encrypted, stored_server().weight) == (kept, 10)


def test_a_removed_server_takes_its_password_along(sign_in, ana):
    client = sign_in(ana)
    client.post(SERVERS, data=server_form(2525))

    client.post(f"{SERVERS}/{stored_server().public_id}/delete")

    assert db.session.scalars(select(Transport)).all() == []


def test_several_servers_show_their_share_and_how_they_are(sign_in, ana):
    client = sign_in(ana)
    for name, weight in (("Relay", 60), ("Cloud", 20), ("Spare", 0)):
        client.post(SERVERS, data=server_form(2525, name=name, weight=weight, from_domains="Bäcker.example"))
    first = db.session.scalars(select(Transport).where(Transport.name == "Relay")).one()
    health.note_failure(first.public_id, "421 4.3.2 <come back>", now=utcnow())
    db.session.commit()

    page = client.get("/w/bakery/settings/sending").text

    assert "75.0%" in page
    assert "fail-over" in page
    assert "421 4.3.2 &lt;come back&gt;" in page
    assert page.count("Healthy") == 2
    assert "xn--bcker-gra.example" in page


def test_a_server_is_switched_off_and_on(sign_in, ana):
    client = sign_in(ana)
    client.post(SERVERS, data=server_form(2525))
    one = f"{SERVERS}/{stored_server().public_id}"

    client.post(f"{one}/disable")
    assert not stored_server().is_enabled
    assert "nothing leaves" in client.get("/w/bakery/settings/sending").text
    client.post(f"{one}/enable")

    assert stored_server().is_enabled


def test_what_makes_no_sense_about_a_server_is_refused_beside_its_field(sign_in, ana):
    client = sign_in(ana)

    for wrong, words in (
        ({"weight": 101}, "Between 0 and 100."),
        ({"connections": 0}, "Between 1 and 200."),
        ({"from_domains": "not a domain!"}, "is not a domain"),
        ({"port": 0}, "between 1 and 65535"),
    ):
        answer = client.post(SERVERS, data=server_form(2525) | wrong)

        assert answer.status_code == 422
        assert words in answer.text
    assert db.session.scalars(select(Transport)).all() == []


def test_servers_of_another_workspace_do_not_exist(sign_in, cleo, workspace):
    theirs = factories.add(
        Transport(workspace_id=workspace.id, host="a.example", port=25, tls="off", updated_at=utcnow())
    )
    one = f"/w/cheese/settings/sending/servers/{theirs.public_id}"
    client = sign_in(cleo)

    assert client.get(one).status_code == 404
    for act in ("", "/test", "/enable", "/disable", "/delete"):
        assert client.post(one + act, data=server_form(2525)).status_code == 404


def test_an_editor_does_not_see_the_servers_and_limits(sign_in, ben):
    client = sign_in(ben)

    for page in ("sending", "sending/servers/new", "limits", "limits/domains/new"):
        assert client.get(f"/w/bakery/settings/{page}").status_code == 403
    assert client.post(SERVERS, data=server_form(2525)).status_code == 403


def test_senders_are_made_changed_and_removed(sign_in, ana, workspace):
    client = sign_in(ana)

    client.post("/w/bakery/settings/senders", data={"name": "Ana", "email": "ana@bakery.example"})
    row = db.session.scalars(select(Sender)).one()
    identifier = row.public_id
    db.session.rollback()
    client.post(
        f"/w/bakery/settings/senders/{identifier}",
        data={"name": "Ana B.", "email": "ana@bakery.example", "reply_to": "shop@bakery.example"},
    )
    db.session.expire_all()
    changed = db.session.scalars(select(Sender)).one()
    assert (changed.name, changed.reply_to) == ("Ana B.", "shop@bakery.example")
    db.session.rollback()
    client.post(f"/w/bakery/settings/senders/{identifier}/delete")

    assert db.session.scalars(select(Sender)).all() == []


def test_a_sender_that_cannot_be_used_is_refused_with_words(sign_in, ana):
    client = sign_in(ana)
    client.post("/w/bakery/settings/senders", data={"name": "Ana", "email": "ana@bakery.example"})

    for form, words in (
        ({"name": "Ana", "email": "ana at bakery"}, "is not an email address"),
        ({"name": "Ana\nBcc: x@y.z", "email": "a@b.example"}, "control character"),
        ({"name": "Ana", "email": "ana@bakery.example"}, "already a sender"),
    ):
        answer = client.post("/w/bakery/settings/senders", data=form)

        assert answer.status_code == 422
        assert words in answer.text


def test_senders_of_another_workspace_do_not_exist(sign_in, cleo, workspace):
    theirs = factories.add(Sender(workspace_id=workspace.id, name="Ana", email="ana@bakery.example"))
    path = f"/w/cheese/settings/senders/{theirs.public_id}"
    client = sign_in(cleo)

    assert client.get(path).status_code == 404
    assert client.post(path + "/delete").status_code == 404


def put_off(run, smtp):
    replies = {
        "reader-0@example.com": "450 4.2.1 <reader-0@example.com> busy",
        "reader-1@example.com": "451 4.3.0 disk",
    }
    smtp.script = lambda stage, recipient: replies.get(recipient) if stage == "rcpt" else None
    send.deliver_due()
    smtp.script = as_usual


def test_what_was_put_off_has_a_tab_grouped_by_what_servers_said(sign_in, ben, bread, readers, launch, smtp):
    run = launch(bread)
    put_off(run, smtp)
    client = sign_in(ben)

    page = client.get(page_of(run)).text
    one = client.get(page_of(run), query_string={"state": "deferred", "words": "450 4.2.1 … busy"}).text
    elsewhere = client.get(page_of(run), query_string={"state": "deferred", "domain": "ample.com"}).text

    assert "450 4.2.1 … busy" in page
    assert "451 4.3.0 disk" in page
    assert "reader-0@example.com" in one
    assert "reader-1@example.com" not in one
    assert "Nothing matches" in elsewhere


def test_a_part_of_an_address_narrows_the_list(sign_in, ben, bread, readers, launch, smtp):
    run = launch(bread)
    put_off(run, smtp)

    page = sign_in(ben).get(page_of(run), query_string={"state": "deferred", "q": "READER-1"}).text

    assert "reader-1@example.com" in page
    assert "reader-0@example.com" not in page


def test_all_that_match_are_given_up_and_it_is_told_who_did(sign_in, ben, bread, readers, launch, smtp):
    run = launch(bread)
    put_off(run, smtp)
    form = {"decision": "give_up", "scope": "all", "state": "deferred", "words": "451 4.3.0 disk"}

    page = sign_in(ben).post(page_of(run) + "/resolve", data=form, follow_redirects=True).text

    assert "1 delivery is given up." in page
    assert "Ben gave up 1 delivery" in page
    rows = deliveries()
    assert rows["reader-0@example.com"].state is DeliveryState.PREPARED
    assert rows["reader-1@example.com"].reply == "Given up by Ben: 451 4.3.0 disk"


def test_a_decision_that_is_none_is_refused(sign_in, ben, bread, readers, launch, smtp):
    run = launch(bread)
    put_off(run, smtp)
    client = sign_in(ben)

    for form in ({}, {"decision": "retry"}, {"decision": "retry", "state": "nowhere"}, {"state": "held"}):
        assert client.post(page_of(run) + "/resolve", data=form).status_code == 400
    form = {"decision": "arrived", "state": "deferred", "scope": "all"}
    assert client.post(page_of(run) + "/resolve", data=form).status_code == 422


def test_skipped_ones_are_shown_by_reason(sign_in, ben, workspace, bread, readers, launch, smtp):
    run = launch(bread)
    suppress(workspace.id, "reader-0@example.com", SuppressionReason.MANUAL)
    readers[1].subscriptions[0].status = SubscriptionStatus.UNSUBSCRIBED
    readers[1].subscriptions[0].ended_at = utcnow()
    db.session.commit()
    send.deliver_due()
    client = sign_in(ben)

    both = client.get(page_of(run) + "?state=skipped").text
    one = client.get(page_of(run) + "?state=skipped&reason=suppressed").text

    assert "Unsubscribed · 1" in both
    assert "reader-0@example.com" in one
    assert "reader-1@example.com" not in one


def test_the_export_is_narrowed_like_the_list(sign_in, ben, bread, readers, launch, smtp):
    run = launch(bread)
    put_off(run, smtp)

    answer = sign_in(ben).get(
        page_of(run) + ".csv", query_string={"state": "deferred", "words": "451 4.3.0 disk"}
    )

    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert [(row["email"], row["state"]) for row in rows] == [("reader-1@example.com", "deferred")]


def test_how_long_to_try_is_set_beside_the_limits(sign_in, ana, workspace):
    client = sign_in(ana)
    form = {"warm_up_first": 50, "warm_up_factor": 1.5, "warm_up_target": 10_000}

    assert (
        client.post("/w/bakery/settings/limits", data={**form, "give_up_after_hours": 36}).status_code == 302
    )
    assert 'value="36"' in client.get("/w/bakery/settings/limits").text
    assert (
        client.post("/w/bakery/settings/limits", data={**form, "give_up_after_hours": 0}).status_code == 422
    )
