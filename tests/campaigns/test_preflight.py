from datetime import UTC, datetime
from email import message_from_bytes

import pytest

from mailer.audience.models import Field, OptIn
from mailer.campaigns.judge_spam import letter_of
from mailer.campaigns.launch import launch
from mailer.campaigns.mend import mend, take_back
from mailer.campaigns.preflight import preflight
from mailer.campaigns.variants import add_variant
from mailer.consent.models import Act, Channel, ConsentRecord
from mailer.errors import Conflict, Invalid
from mailer.rendering.checks.findings import Severity
from tests import factories

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def bread(workspace):
    return factories.mailing_list(workspace)


@pytest.fixture
def rita(workspace, bread):
    return factories.subscriber(workspace, "rita@bakery.example", on=bread, name="Rita")


@pytest.fixture
def letter(workspace, bread, rita):
    return factories.campaign(workspace, lists=[bread], format="html")


def found(letter, check):
    return next((one for one in preflight(letter, now=NOON).findings if one.check == check), None)


def field(workspace, key):
    return factories.add(Field(workspace_id=workspace.id, key=key, label=key.title()))


def test_errors_stop_sending_with_the_reason_and_warnings_do_not(letter):
    letter.body = '<a href="http://bakery.example/order">Order a loaf</a> <a href="#">Recipes</a>'

    with pytest.raises(Invalid) as stopped:
        launch(letter, now=NOON)
    letter.body = '<a href="http://bakery.example/order">Order a loaf</a>'
    launch(letter, now=NOON)

    assert stopped.value.fields == {"body": "The link “Recipes” leads nowhere."}
    assert letter.launched_at == NOON


def test_readers_without_a_value_are_counted_and_a_default_mends_it(
    workspace, other_workspace, bread, letter, ben
):
    field(workspace, "city")
    factories.subscriber(workspace, on=bread, fields={"city": "Lyon"})
    factories.subscriber(workspace, on=bread, fields={"city": ""})
    factories.subscriber(other_workspace, on=factories.mailing_list(other_workspace))
    letter.body = "<p>Bread for {{ subscriber.fields.city }}</p>"

    missing = found(letter, "data.missing")
    mend(letter, missing.key, answer="your 'town'", by=ben.id, now=NOON)

    assert missing.message == "2 of 3 readers have no city."
    assert letter.body == "<p>Bread for {{ subscriber.fields.city | default('your ’town’') }}</p>"
    assert found(letter, "data.missing") is None


@pytest.mark.parametrize(
    "body",
    [
        "{{ subscriber.name | default('friend') }}",
        "{% if subscriber.name %}Hello {{ subscriber.name }}{% endif %}",
        "{{ subscriber.email }}",
    ],
)
def test_what_has_a_default_or_is_asked_for_first_is_not_missed(workspace, bread, letter, body):
    factories.subscriber(workspace, on=bread, name="")
    letter.body = body

    assert found(letter, "data.missing") is None


def test_a_misspelt_field_is_an_error_that_a_button_mends(workspace, letter, ben):
    field(workspace, "city")
    letter.body = "<p>Bread for {{ subscriber.fields.citty | default('you') }}</p>"

    misspelt = found(letter, "data.unknown-field")
    mend(letter, misspelt.key, answer="", by=ben.id, now=NOON)

    assert misspelt.severity is Severity.ERROR
    assert "did you mean “city”" in misspelt.message
    assert "subscriber.fields.city |" in letter.body


def test_lists_say_whether_their_people_confirmed(workspace, bread, letter, rita):
    letter.lists = [bread, factories.mailing_list(workspace, "Events", opt_in=OptIn.SINGLE)]
    before = {one.message for one in preflight(letter, now=NOON).findings if one.check.startswith("data.")}
    factories.add(
        ConsentRecord(
            workspace_id=workspace.id,
            subscriber_id=rita.id,
            list_id=bread.id,
            act=Act.CONFIRMED,
            via=Channel.CONFIRMATION_PAGE,
        )
    )
    after = {one.message for one in preflight(letter, now=NOON).findings if one.check.startswith("data.")}

    assert before - after == {"Nobody on “Weekly bread” has confirmed their address."}
    assert after == {"Nobody is on “Events”."}


def test_the_sender_s_domain_is_looked_at(letter):
    unsigned = found(letter, "sender.unsigned")
    letter.from_email = "ana@gmail.com"

    assert "bakery.example is not signed" in unsigned.message
    assert found(letter, "sender.free-mail").severity is Severity.WARNING


def test_the_longest_reader_decides_whether_gmail_cuts_it_off(workspace, bread, letter):
    field(workspace, "story")
    factories.subscriber(workspace, on=bread, fields={"story": "x" * 40_000})
    letter.body = "<p>{{ subscriber.fields.story | default('') }}</p>" * 3

    assert "for the reader who gets most" in found(letter, "inbox.clipped").message


def test_a_mend_can_be_taken_back_until_the_draft_changes(letter, ben):
    letter.body = '<a href="http://bakery.example/order">Order a loaf</a>'
    insecure = found(letter, "links.http")

    made = mend(letter, insecure.key, answer="", by=ben.id, now=NOON)
    mended = letter.body
    take_back(letter, made.public_id)

    assert 'href="https://bakery.example/order"' in mended
    assert 'href="http://bakery.example/order"' in letter.body
    again = mend(letter, insecure.key, answer="", by=ben.id, now=NOON)
    letter.revision += 1
    with pytest.raises(Conflict):
        take_back(letter, again.public_id)
    with pytest.raises(Conflict):
        mend(letter, insecure.key, answer="", by=ben.id, now=NOON)


def test_words_that_a_mend_asks_for_have_to_be_given(letter, ben):
    letter.body = '<p>Bread</p><img src="https://bakery.example/loaf.png">'
    wordless = found(letter, "accessibility.alt")

    with pytest.raises(Invalid):
        mend(letter, wordless.key, answer=" ", by=ben.id, now=NOON)
    mend(letter, wordless.key, answer="A loaf of rye", by=ben.id, now=NOON)

    assert 'alt="A loaf of rye"' in letter.body


def test_the_panel_shows_findings_and_mends_them_by_a_button(sign_in, ben, letter):
    letter.subject = "FRESH BREAD ON SUNDAY"
    key = found(letter, "inbox.subject-capitals").key
    browser = sign_in(ben)
    page = f"/w/bakery/campaigns/{letter.public_id}"

    panel = browser.get(f"{page}/findings").text
    answer = browser.post(f"{page}/mends", data={"finding": key})
    mended = factories.refreshed(letter).subject
    undo = browser.get(answer.location).text.split(f"{page}/mends/")[1].split('"')[0]
    browser.post(f"{page}/mends/{undo}")

    assert "The subject is all capitals." in panel
    assert mended == "Fresh bread on sunday"
    assert factories.refreshed(letter).subject == "FRESH BREAD ON SUNDAY"


def test_a_mend_leaves_the_page_as_it_is_and_tells_it_what_is_written_now(sign_in, ben, letter):
    letter.subject = "FRESH BREAD ON SUNDAY"
    key = found(letter, "inbox.subject-capitals").key
    browser, page = sign_in(ben), f"/w/bakery/campaigns/{letter.public_id}"
    script = {"Accept": "application/json"}

    said = browser.post(f"{page}/mends", data={"finding": key}, headers=script)
    again = browser.post(f"{page}/mends", data={"finding": key}, headers=script)
    undo = said.json["flash"].split(f"{page}/mends/")[1].split('"')[0]
    taken_back = browser.post(f"{page}/mends/{undo}", headers=script)

    assert said.json["words"]["subject"] == "Fresh bread on sunday"
    assert said.json["revision"] == 2
    assert again.status_code == 409
    assert taken_back.json["words"]["subject"] == "FRESH BREAD ON SUNDAY"
    assert factories.refreshed(letter).revision == taken_back.json["revision"]


def test_every_language_is_looked_at_and_mended(workspace, letter, ben):
    field(workspace, "city")
    german = add_variant(letter, "de")
    german.subject, german.body = "Frisch", "<p>Brot für {{ subscriber.fields.citty | default('dich') }}</p>"

    misspelt = found(letter, "data.unknown-field")
    made = mend(letter, misspelt.key, answer="", by=ben.id, now=NOON)

    assert misspelt.message.startswith("German: ")
    assert misspelt.where.locale == "de"
    assert "subscriber.fields.city |" in german.body
    take_back(letter, made.public_id)
    assert "subscriber.fields.citty |" in german.body


@pytest.mark.parametrize("family", ["outlook-windows", "gmail", "gmail-other", "apple-mail-dark"])
def test_other_clients_are_shown_apart_from_the_page(sign_in, ben, letter, family):
    browser = sign_in(ben)

    answer = browser.get(f"/w/bakery/campaigns/{letter.public_id}/seen-in/{family}")

    assert answer.status_code == 200
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert browser.get(f"/w/bakery/campaigns/{letter.public_id}/seen-in/pigeon").status_code == 404


def test_viewers_mend_nothing(sign_in, vera, letter):
    page = f"/w/bakery/campaigns/{letter.public_id}/mends"

    assert sign_in(vera).post(page, data={"finding": "x"}).status_code == 403


def test_strangers_mend_nothing(sign_in, cleo, letter):
    page = f"/w/bakery/campaigns/{letter.public_id}/mends"

    assert sign_in(cleo).post(page, data={"finding": "x"}).status_code == 404


def test_the_spam_filter_gets_the_whole_message(letter):
    message = message_from_bytes(letter_of(letter, now=NOON))

    assert message["Subject"] == "Fresh on Sunday"
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_without_a_filter_none_is_asked(sign_in, ben, letter):
    browser = sign_in(ben)
    page = f"/w/bakery/campaigns/{letter.public_id}"

    assert browser.get(f"{page}/spam-verdict").text.strip() == ""
    assert "spam-verdict" not in browser.get(f"{page}/findings").text
