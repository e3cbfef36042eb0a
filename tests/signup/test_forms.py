"""Designed forms: what they show, what they take in, what the proof keeps, and how they are designed."""

import re
from datetime import timedelta
from io import BytesIO
from xml.etree import ElementTree

import pytest
import time_machine
from PIL import Image

from mailer.audience.fields import create_field
from mailer.audience.models import Subscriber, Subscription, SubscriptionStatus
from mailer.composing.brand.save_brand import Look, save_brand
from mailer.composing.media.queries import address_of
from mailer.composing.media.upload import upload_picture
from mailer.consent.models import Act, ConsentRecord
from mailer.consent.proof import proof_of
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.clock import utcnow
from mailer.signup.designs import read_design
from mailer.signup.models import FormVersion, SignUp, WaitingEntry
from mailer.signup.poster_lines import lines_of
from mailer.signup.queries import design_of, newest_version, version_by_id
from mailer.signup.save_form import close_form, create_form, restore_version, save_form
from mailer.signup.shown import shown_version
from mailer.signup.sign_up import sign_up
from tests import factories


def designed(*lists, **values):
    return read_design({"list_ids": [each.public_id for each in lists], **values})


@pytest.fixture
def bread(workspace):
    return factories.mailing_list(workspace, "Weekly bread")


@pytest.fixture
def cake(workspace):
    return factories.mailing_list(workspace, "Cake of the month")


@pytest.fixture
def form(workspace, bread, cake):
    create_field(workspace.id, "City")
    made = create_form(
        workspace.id,
        "Shop",
        designed(
            bread,
            cake,
            is_choice=True,
            inputs=[{"key": "name", "asking": "required"}, {"key": "city", "asking": "later"}],
            languages=["en", "de"],
            words={
                "en": {"title": "Bread by mail", "boxes": [{"words": "I have read the privacy notice."}]},
                "de": {
                    "title": "Brot per Mail",
                    "confirm_subject": "Stimmt das?",
                    "confirm_body": "Nur ein *Klick*.",
                },
            },
        ),
        by=None,
    )
    db.session.commit()
    return made


@pytest.fixture
def send(client):
    """Open a form, fill it in, and press the button; what was taken is signed up."""

    def press(form, *, query="", **values):
        page = client.get(f"/s/{form.public_id}{query}")
        opened = re.search(r'name="opened"[^>]*value="([^"]+)"', page.text)[1]
        answer = client.post(f"/s/{form.public_id}{query}", data={"opened": opened, **values})
        for entry in db.session.query(WaitingEntry).all():
            sign_up(entry.id)
        db.session.commit()
        return answer

    return press


def complete(*lists, **values):
    return {
        "email": "rosa@example.com",
        "name": "Rosa",
        "box0": "1",
        "lists": [each.public_id for each in lists],
        **values,
    }


def test_no_box_is_ticked_beforehand_and_what_must_be_ticked_is_asked_for(client, send, form, bread):
    assert "checked" not in client.get(f"/s/{form.public_id}").text

    answer = send(form, **complete(bread, box0=""))

    assert answer.status_code == 422
    assert "Please tick this" in answer.text
    assert db.session.query(Subscriber).count() == 0


def test_one_sending_joins_what_was_chosen_with_one_mail(send, form, bread, cake, queued):
    answer = send(form, **complete(bread, cake))

    assert answer.status_code == 303
    assert db.session.query(Subscription).count() == 2
    assert [job for job, *_ in queued()].count("send_confirmation") == 1


def test_confirming_once_confirms_all_that_the_mail_asked_about(client, send, form, bread, cake, work_off):
    send(form, **complete(bread, cake))
    first = db.session.query(Subscription).order_by(Subscription.id).first()
    from mailer.current import links

    address = links().confirm_url(first.id).removeprefix("http://localhost")
    page = client.post(address)

    assert "Cake of the month" in page.text
    db.session.expire_all()
    assert {place.status for place in db.session.query(Subscription)} == {SubscriptionStatus.ACTIVE}
    # What is not known yet is asked now, of the person alone.
    assert "City" in page.text


def test_the_proof_keeps_words_ticks_language_and_version(send, form, bread):
    send(form, query="?lang=de", **complete(bread))

    record = db.session.query(ConsentRecord).filter_by(act=Act.REQUESTED).one()
    assert "Brot per Mail" in record.words
    assert "☑ Weekly bread" in record.words
    assert "☐ Cake of the month" in record.words
    assert "☑ I have read the privacy notice." in record.words
    assert record.locale == "de"
    assert record.form_version_id == newest_version(form).id
    assert proof_of(record.subscriber)[0].form_version == newest_version(form).public_id


def test_where_somebody_came_from_is_kept(send, form, bread):
    send(form, **complete(bread, page="https://www.example.com/", utm_source="fair", place="Shop window"))

    kept = db.session.query(SignUp).one()
    assert kept.source == {"page": "https://www.example.com/", "utm_source": "fair"}
    assert kept.place == "Shop window"


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("rosa@gmial.com", "Did you mean rosa@gmail.com?"),
        ("rosa@mailinator.com", "use your own"),
        ("rosa", "not an email address"),
    ],
)
def test_an_address_that_will_not_do_is_explained(send, form, bread, email, words):
    answer = send(form, **complete(bread, email=email))

    assert answer.status_code == 422
    assert words in answer.text


def test_whoever_means_the_odd_address_may_have_it(send, form, bread):
    answer = send(form, **complete(bread, email="rosa@outlok.com", meant="rosa@outlok.com"))

    assert answer.status_code == 303


def test_people_go_where_the_design_says_and_nowhere_else(send, workspace, bread):
    made = create_form(
        workspace.id,
        "Away",
        designed(bread, hosts=["www.example.com"], after_url="https://www.example.com/thanks"),
        by=None,
    )
    db.session.commit()

    answer = send(made, email="rosa@example.com")

    assert answer.headers["Location"] == "https://www.example.com/thanks"
    with pytest.raises(Invalid):
        designed(bread, hosts=["www.example.com"], after_url="https://evil.example/")


def test_only_named_sites_may_frame_a_form(client, send, workspace, bread):
    made = create_form(workspace.id, "Framed", designed(bread, hosts=["www.example.com"]), by=None)
    db.session.commit()

    policy = client.get(f"/s/{made.public_id}?embed=1").headers["Content-Security-Policy"]
    answer = send(made, query="?embed=1", email="rosa@example.com")

    assert "frame-ancestors www.example.com https://www.example.com" in policy
    assert answer.headers["Location"].endswith("/thanks?embed=1")


def test_a_closed_form_takes_nobody_in(client, form):
    close_form(form, now=utcnow())
    db.session.commit()

    assert client.get(f"/s/{form.public_id}").status_code == 404


def test_saving_makes_a_version_only_when_something_changed(form, bread):
    design = design_of(form)

    assert not save_form(form, "Other name", design, by=None)
    assert save_form(form, "Other name", designed(bread), by=None)
    restore_version(db.session.query(FormVersion).filter_by(number=1).one(), by=None)

    assert newest_version(form).number == 3
    assert design_of(form) == design


def test_the_confirmation_speaks_with_the_forms_own_words(send, form, bread, work_off):
    from mailer.delivery.models import Message

    send(form, query="?lang=de", **complete(bread))
    work_off()

    message = db.session.query(Message).one()
    assert message.subject == "Stimmt das?"
    assert "<em>Klick</em>" in message.html
    assert "/confirm/" in message.text


def test_a_form_is_designed_previewed_and_changed_in_the_browser(sign_in, ana, bread, workspace):
    browser = sign_in(ana)
    typed = {
        "name": "Counter",
        "list_ids": bread.public_id,
        "is_choice": "all",
        "language": "en",
        "languages": ["en", "ar"],
        "first_language": "en",
        "title": "Fresh bread",
        "asks.name": "optional",
        "corners": "round",
        "theme": "dark",
        "is_brand": "1",
        "box0.words": "Privacy",
        "box0.is_required": "1",
    }

    preview = browser.post("/w/bakery/forms/preview", data={**typed, "part": "form"})
    created = browser.post("/w/bakery/forms", data=typed)
    made = db.session.query(FormVersion).one().form
    page = browser.get(created.headers["Location"])
    arabic = browser.get(f"/s/{made.public_id}?lang=ar")

    assert "Fresh bread" in preview.text
    assert created.status_code == 302
    assert "embed.js" in page.text
    assert 'dir="rtl"' in arabic.text
    for address in (
        f"forms/{made.public_id}/edit",
        f"forms/{made.public_id}?show=popup",
        f"forms/{made.public_id}/poster?place=Fair",
        f"forms/{made.public_id}/poster.svg",
        f"form-versions/{newest_version(made).public_id}",
        f"form-versions/{newest_version(made).public_id}/en/frame",
        "forms",
    ):
        assert browser.get(f"/w/bakery/{address}").status_code == 200, address


@pytest.mark.parametrize(
    ("query", "words"), [("", "what you ticked"), ("?embed=1&lang=de", "was Sie angekreuzt")]
)
def test_everybody_is_thanked(client, form, query, words):
    answer = client.get(f"/s/{form.public_id}/thanks{query}")

    assert answer.status_code == 200
    assert words in answer.text


@pytest.mark.parametrize(
    ("title", "has_sheet"), [("Ana’s “fresh” bread – every day, für 3 €", True), ("每周面包", False)]
)
def test_a_poster_is_a_sheet_of_paper_in_the_letters_that_it_has(
    sign_in, ana, bread, workspace, title, has_sheet
):
    made = create_form(workspace.id, "Shop", designed(bread, words={"en": {"title": title}}), by=None)
    browser = sign_in(ana)

    sheet = browser.get(f"/w/bakery/forms/{made.public_id}/poster.pdf?place=Mill+Lane")
    page = browser.get(f"/w/bakery/forms/{made.public_id}/poster?place=Mill+Lane")

    assert (sheet.status_code == 200) is has_sheet
    assert sheet.data.startswith(b"%PDF-") is has_sheet
    assert ("Download as PDF" in page.text) is has_sheet
    assert "Print" in page.text
    drawn = browser.get(f"/w/bakery/forms/{made.public_id}/poster-sheet.svg?place=Mill+Lane")
    assert title in "".join(ElementTree.fromstring(drawn.text).itertext())


def test_the_logo_stands_on_the_poster(sign_in, ana, bread, workspace):
    packed = BytesIO()
    Image.new("RGB", (40, 20), "#c2410c").save(packed, "PNG")
    logo = upload_picture(workspace.id, file_name="logo.png", data=packed.getvalue())
    save_brand(workspace, Look(accent="#c2410c", logo_src=address_of(logo)))
    made = create_form(workspace.id, "Shop", designed(bread), by=None)
    db.session.commit()
    browser, at = sign_in(ana), f"/w/bakery/forms/{made.public_id}"

    assert b"/Subtype /Image" in browser.get(f"{at}/poster.pdf").data
    assert "data:image/png;base64," in browser.get(f"{at}/poster-sheet.svg").text


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        ("Fresh bread every day", ["Fresh", "bread", "every…"]),
        ("每周面包送到家门口", ["每周面包", "送到家门", "口"]),
        ("Unbreakable", ["Unbreakable"]),
        (" ", []),
    ],
)
def test_a_drawing_breaks_its_lines(words, lines):
    assert lines_of(words, width=4, size=1, most=3) == lines


def test_a_page_wears_the_brand_kit_and_the_design_may_say_otherwise(client, workspace, bread):
    look = {
        "font": "georgia",
        "logo_src": "https://cdn.example/logo.png",
        "logo_alt": "Ana’s",
        "logo_width": 90,
    }
    save_brand(workspace, Look(accent="#aa0000", colors={"sheet": "#fff8f0"}, **look))
    plain = create_form(workspace.id, "Plain", designed(bread), by=None)
    own = {"font": "mono", "has_logo": False, "accent": "#00aa00"}
    special = create_form(workspace.id, "Special", designed(bread, look=own), by=None)
    db.session.commit()

    page, other = client.get(f"/s/{plain.public_id}"), client.get(f"/s/{special.public_id}")
    framed = client.get(f"/s/{plain.public_id}?embed=1")

    for words in ("--brand:#aa0000", "--surface:#fff8f0", "Georgia", 'src="https://cdn.example/logo.png"'):
        assert words in page.text
    for answer in (page, framed):
        assert "https://cdn.example;" in answer.headers["Content-Security-Policy"]
    assert "--brand:#00aa00" in other.text
    assert "Menlo" in other.text
    assert "logo.png" not in other.text


def test_the_words_shown_two_years_ago_can_be_shown_again(send, form, bread):
    then = utcnow() - timedelta(days=730)
    with time_machine.travel(then):
        send(form, query="?lang=de", **complete(bread))
    bread.name, bread.description = "Daily bread", "Another letter."
    save_form(form, "Shop", designed(bread, words={"en": {"title": "Daily bread by mail"}}), by=None)
    close_form(form, now=utcnow())
    db.session.commit()

    proven = proof_of(db.session.query(Subscriber).one())[0]
    version = version_by_id(form.workspace_id, proven.form_version)
    shown = shown_version(version, proven.record.locale)

    assert proven.record.created_at.date() == then.date()
    for words in (
        "Brot per Mail",
        "☑ Weekly bread",
        "☐ Cake of the month",
        "☑ I have read the privacy notice.",
    ):
        assert words in proven.record.words
    assert (shown.title, shown.boxes[0].words) == ("Brot per Mail", "I have read the privacy notice.")
