from datetime import timedelta

import pytest

from mailer.campaigns.models import CampaignStatus
from mailer.composing.plant import plant_designs
from mailer.db import db
from mailer.delivery import runs
from mailer.delivery.models import Run
from mailer.lib.clock import utcnow
from tests import factories


@pytest.fixture
def bread(workspace):
    return factories.mailing_list(workspace)


@pytest.fixture
def letter(workspace, bread):
    factories.subscriber(workspace, "rita@example.com", on=bread, name="Rita")
    template = plant_designs(workspace.id)[0]
    return factories.campaign(workspace, lists=[bread], template=template)


def page(campaign, path=""):
    return f"/w/bakery/campaigns/{campaign.public_id}{path}"


def filled_in(campaign, **changes):
    return {
        "revision": campaign.revision,
        "name": campaign.name,
        "subject": campaign.subject,
        "preheader": campaign.preheader,
        "from_name": campaign.from_name,
        "from_email": campaign.from_email,
        "format": "markdown",
        "body": campaign.body,
        "text_mode": "generated",
        "lists": [one.public_id for one in campaign.lists],
        "template": campaign.template.public_id,
        **changes,
    }


def test_every_page_of_a_draft_answers(sign_in, ana, letter):
    browser = sign_in(ana)

    for path in ("/edit", "/review", "/preview", "/preview?part=text", "/readers?q=ri", "/progress"):
        assert browser.get(page(letter, path)).status_code == 200, path
    assert browser.get("/w/bakery/campaigns").status_code == 200
    assert browser.get("/w/bakery/campaigns?q=sunday&status=draft").status_code == 200
    assert browser.get("/w/bakery/campaigns/new").status_code == 200


def test_a_campaign_begins_with_a_name_and_a_design(sign_in, ben, workspace):
    template = plant_designs(workspace.id)[1]
    browser = sign_in(ben)

    answer = browser.post("/w/bakery/campaigns", data={"name": "June", "template": template.public_id})

    assert answer.status_code == 302
    assert answer.location.endswith("/edit")
    assert browser.get(answer.location).status_code == 200


def test_a_draft_saves_itself_and_notices_another_window(sign_in, ben, letter):
    browser = sign_in(ben)
    first = filled_in(letter, subject="First")
    json = {"Accept": "application/json"}

    saved = browser.post(page(letter), data=first, headers=json)
    stale = browser.post(page(letter), data={**first, "subject": "Stale"}, headers=json)

    assert saved.json["revision"] == first["revision"] + 1
    assert stale.status_code == 409
    assert "another window" in stale.json["message"]
    assert factories.refreshed(letter).subject == "First"


def test_the_editor_shows_everything_that_was_chosen(sign_in, ben, letter, bread, workspace):
    factories.mailing_list(workspace, "Events")

    shown = sign_in(ben).get(page(letter, "/edit")).text

    assert f'value="{bread.public_id}" checked' in shown
    assert shown.count('name="lists"') == 2
    assert f'<option value="{letter.template.public_id}" selected>' in shown
    assert '<option value="markdown" selected>' in shown


def test_a_half_typed_address_is_saved_all_the_same(sign_in, ben, letter):
    browser = sign_in(ben)

    browser.post(page(letter), data=filled_in(letter, from_email="ana@"))

    assert factories.refreshed(letter).from_email == "ana@"
    assert "Say whom it is from" in browser.get(page(letter, "/review")).text


def test_the_preview_is_filled_in_for_the_chosen_subscriber_and_framed_apart(
    sign_in, vera, letter, workspace
):
    person = factories.subscriber(workspace, name="<script>Zoe</script>")

    answer = sign_in(vera).get(page(letter, f"/preview?reader={person.public_id}"))

    assert "&lt;script&gt;Zoe" in answer.text
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_what_is_wrong_is_shown_instead_of_the_preview(sign_in, ben, letter):
    letter.body = "one\n\n{{ subscriber.nam }}"

    answer = sign_in(ben).get(page(letter, "/preview"))

    assert answer.status_code == 200
    assert "did you mean “subscriber.name”" in answer.text


def test_editing_the_text_by_hand_begins_from_what_was_made(sign_in, ben, letter):
    browser = sign_in(ben)

    browser.post(page(letter), data=filled_in(letter, text_mode="by_hand", text=""))
    by_hand = factories.refreshed(letter).text
    browser.post(page(letter), data=filled_in(letter, text_mode="generated", text="kept?"))

    assert "Hello {{ subscriber.name | default('there') }}" in by_hand
    assert factories.refreshed(letter).text is None


def test_the_review_says_who_and_what_stands_in_the_way(sign_in, ben, letter):
    browser = sign_in(ben)
    ready = browser.get(page(letter, "/review")).text
    letter.lists = []
    db.session.commit()

    missing = browser.get(page(letter, "/review")).text

    assert "1 person" in ready
    assert "Send now" in ready
    assert "Choose at least one list." in missing
    assert "Send now" not in missing


def test_sending_begins_a_run_and_shows_its_progress(sign_in, ben, letter, queued):
    browser = sign_in(ben)

    answer = browser.post(page(letter, "/send"))

    assert answer.status_code == 302
    assert factories.refreshed(letter).status is CampaignStatus.SENDING
    assert ("prepare_campaign", str(letter.id)) in queued()
    shown = browser.get(page(letter))
    assert 'hx-get="' in shown.text
    assert "Finding everyone" in shown.text
    browser.post(page(letter, "/send"))
    assert "it can be sent only once" in browser.get(page(letter)).text


def test_pause_go_on_and_cancel(sign_in, ben, letter):
    browser = sign_in(ben)
    browser.post(page(letter, "/send"))

    statuses = []
    for act in ("/pause", "/resume", "/cancel"):
        browser.post(page(letter, act))
        statuses.append(factories.refreshed(letter).status.value)

    assert statuses == ["paused", "sending", "cancelled"]
    assert browser.get(page(letter)).status_code == 200
    assert browser.get(page(letter, "/progress")).headers["HX-Refresh"] == "true"


def test_a_priority_is_kept_and_holds_for_the_run(sign_in, ben, letter):
    browser = sign_in(ben)
    browser.post(page(letter, "/priority"), data={"priority": "high"})
    browser.post(page(letter, "/send"))
    run = db.session.get(Run, letter.id)
    assert run.weight == 400

    browser.post(page(letter, "/priority"), data={"priority": "low"})

    db.session.refresh(run)
    assert run.weight == 25
    assert 'value="low" selected' in browser.get(page(letter)).text
    assert browser.post(page(letter, "/priority"), data={"priority": "highest"}).status_code == 400


def test_a_campaign_that_waits_says_what_for_and_until_when(sign_in, ben, letter):
    browser = sign_in(ben)
    browser.post(page(letter, "/send"))
    runs.wait(letter.id, "500 of 500 messages of today are sent", until=utcnow() + timedelta(hours=3))
    db.session.commit()

    shown = browser.get(page(letter, "/progress")).text

    assert "Waiting: 500 of 500 messages of today are sent; goes on at" in shown
    runs.wait(letter.id, "over", until=utcnow())
    db.session.commit()
    assert "Waiting: " not in browser.get(page(letter, "/progress")).text


def test_a_time_is_taken_in_the_workspaces_zone(sign_in, ben, letter, workspace):
    workspace.time_zone = "Europe/Vienna"
    year = utcnow().year + 1
    at = f"{year}-01-10T09:00" if utcnow().month == 12 else f"{utcnow().year}-12-30T09:00"
    browser = sign_in(ben)

    answer = browser.post(page(letter, "/schedule"), data={"at": at})

    assert answer.status_code == 302
    assert factories.refreshed(letter).scheduled_at.hour == 8
    assert "Do not send" in browser.get(page(letter)).text


def test_a_time_that_has_passed_is_refused_beside_its_field(sign_in, ben, letter):
    answer = sign_in(ben).post(page(letter, "/schedule"), data={"at": "2020-01-01T09:00"})

    assert answer.status_code == 422
    assert "has passed" in answer.text


def test_a_test_goes_to_a_few_addresses(sign_in, ben, letter, queued):
    answer = sign_in(ben).post(page(letter, "/test"), data={"to": "ben@example.com, ana@example.com"})

    assert answer.status_code == 302
    assert [job[0] for job in queued()] == ["deliver_transactional"]


def test_a_deleted_draft_can_be_taken_back(sign_in, ben, letter):
    browser = sign_in(ben)

    browser.post(page(letter, "/delete"))
    listed = browser.get("/w/bakery/campaigns").text
    gone = browser.get(page(letter)).status_code
    browser.post(page(letter, "/restore"))

    assert gone == 404
    assert "Undo" in listed
    assert browser.get(page(letter, "/edit")).status_code == 200


def test_a_copy_is_a_draft_of_its_own(sign_in, ben, letter):
    answer = sign_in(ben).post(page(letter, "/duplicate"))

    assert answer.location.endswith("/edit")
    assert letter.public_id not in answer.location


WRITES = [
    "",
    "/test",
    "/schedule",
    "/unschedule",
    "/send",
    "/priority",
    "/pause",
    "/resume",
    "/cancel",
    "/duplicate",
    "/delete",
    "/restore",
]
READS = ["", "/edit", "/review", "/preview", "/readers", "/progress"]


@pytest.mark.parametrize("path", WRITES)
def test_a_viewer_changes_nothing(sign_in, vera, letter, path):
    assert sign_in(vera).post(page(letter, path), data=filled_in(letter)).status_code == 403
    assert factories.refreshed(letter).status is CampaignStatus.DRAFT


@pytest.mark.parametrize("path", READS)
def test_a_stranger_sees_nothing(sign_in, cleo, letter, path):
    assert sign_in(cleo).get(page(letter, path)).status_code == 404


@pytest.mark.parametrize("path", WRITES)
def test_a_campaign_of_another_workspace_does_not_exist_here(sign_in, ana, other_workspace, letter, path):
    theirs = factories.campaign(other_workspace)

    answer = sign_in(ana).post(f"/w/bakery/campaigns/{theirs.public_id}{path}", data=filled_in(letter))

    assert answer.status_code in (404, 422)
    assert factories.refreshed(theirs).revision == 1


def test_rows_of_another_workspace_cannot_be_chosen(sign_in, ben, letter, other_workspace):
    theirs = factories.mailing_list(other_workspace)
    template = plant_designs(other_workspace.id)[0]
    browser = sign_in(ben)
    json = {"Accept": "application/json"}

    by_list = browser.post(page(letter), data=filled_in(letter, lists=[theirs.public_id]), headers=json)
    by_template = browser.post(
        page(letter), data=filled_in(letter, template=template.public_id), headers=json
    )
    reader = factories.subscriber(other_workspace)
    db.session.commit()

    assert (by_list.status_code, by_template.status_code) == (422, 422)
    assert browser.get(page(letter, f"/preview?reader={reader.public_id}")).status_code == 404


def test_an_unknown_campaign_is_not_found(sign_in, ana):
    assert sign_in(ana).get("/w/bakery/campaigns/cmp_nonsense/edit").status_code == 404
