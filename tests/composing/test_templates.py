import pytest

from mailer.accounts.found import found_workspace
from mailer.composing.gallery import GALLERY, gallery_design
from mailer.composing.layout import layout_of
from mailer.composing.models import Template
from mailer.composing.plant import plant_designs
from mailer.composing.preview import SAMPLE_READER, SAMPLE_WORDS, preview
from mailer.composing.publish_template import discard_changes, publish_template, roll_back
from mailer.composing.queries import current_templates
from mailer.composing.save_template import create_template, duplicate_template, update_template
from mailer.errors import Conflict, Invalid
from mailer.rendering.blocks.read import written
from mailer.rendering.brand import Brand
from mailer.rendering.design import Design
from mailer.rendering.freeze import freeze
from tests import factories


@pytest.fixture
def newsletter(workspace):
    return plant_designs(workspace.id)[0]


@pytest.fixture
def letterhead(workspace):
    return create_template(workspace.id, name="Letterhead", html="<b>{{ content }}</b>")


def page(template, path=""):
    return f"/w/bakery/templates/{template.public_id}{path}"


def test_a_new_workspace_begins_with_our_designs(app, ana):
    founded = found_workspace("Second shop", ana)

    assert [template.name for template in current_templates(founded.id)] == [entry.name for entry in GALLERY]


@pytest.mark.parametrize("entry", GALLERY, ids=lambda entry: entry.key)
def test_each_design_of_the_gallery_can_be_sent_as_it_is(workspace, entry):
    design = Design("News", "", "", "design", document=gallery_design(entry.key))

    frozen = freeze(design)
    rendered = preview(design, workspace=workspace, campaign_name="May", reader=SAMPLE_READER)

    assert not frozen.is_footer_added
    assert "prefers-color-scheme:dark" in rendered.html.replace(" ", "")
    assert "max-width:479px" in rendered.html.replace(" ", "")
    assert "Unsubscribe: #unsubscribe" in rendered.text


@pytest.mark.parametrize("entry", GALLERY, ids=lambda entry: entry.key)
def test_each_design_of_the_gallery_frames_a_letters_words(workspace, entry):
    layout = layout_of(Template(design=written(gallery_design(entry.key))), Brand(accent="#aa3322"))
    design = Design(subject="", preheader="", body=SAMPLE_WORDS, format="markdown", layout=layout)

    html = preview(design, workspace=workspace, campaign_name="May", reader=SAMPLE_READER).html

    assert not freeze(design).is_footer_added
    assert "A headline goes here" in html
    assert "background-color:#aa3322" in html
    assert 'class="button"' in html
    assert html.count("Unsubscribe") == 1


def test_a_template_is_changed_and_checked(letterhead):
    with pytest.raises(Invalid, match="exactly once"):
        update_template(letterhead, name="Newsletter", html="<p>nothing</p>")

    update_template(letterhead, name="News", html="<p>{{ content }}</p>")

    assert (letterhead.name, letterhead.html) == ("News", "<p>{{ content }}</p>")


def test_a_draft_is_seen_by_no_campaign_before_it_is_published(letterhead, ana):
    update_template(letterhead, name="News", html="<p>new {{ content }}</p>")

    assert letterhead.is_changed
    assert letterhead.published.html == "<b>{{ content }}</b>"
    publish_template(letterhead, by=ana.id, note="New")
    assert (letterhead.version, letterhead.published.html) == (2, "<p>new {{ content }}</p>")
    with pytest.raises(Conflict, match="Nothing has changed"):
        publish_template(letterhead)


def test_an_earlier_version_returns_as_the_newest(letterhead):
    first = letterhead.published
    update_template(letterhead, name="News", html="<p>new {{ content }}</p>")
    publish_template(letterhead)

    roll_back(first)

    assert [version.number for version in letterhead.versions] == [3, 2, 1]
    assert letterhead.html == letterhead.published.html == "<b>{{ content }}</b>"
    assert letterhead.published.note == "Back to version 1"


def test_changes_can_be_thrown_away(letterhead):
    update_template(letterhead, name="News", html="<p>new {{ content }}</p>")

    discard_changes(letterhead)

    assert not letterhead.is_changed


def test_a_save_from_another_window_is_not_overwritten(newsletter):
    design = written(gallery_design("letter"))
    update_template(newsletter, name="News", design=design, revision=newsletter.revision)

    with pytest.raises(Conflict, match="another window"):
        update_template(newsletter, name="News", design=design, revision=newsletter.revision - 1)


def test_a_design_that_cannot_be_sent_is_not_published(newsletter):
    broken = {"rows": [{"columns": [{"blocks": [{"type": "text", "html": "{{ subscriber.nam }}"}]}]}]}
    update_template(newsletter, name="News", design=broken)

    with pytest.raises(Invalid, match="did you mean"):
        publish_template(newsletter)


def test_names_are_given_once(workspace, newsletter):
    with pytest.raises(Conflict, match="Another template"):
        create_template(workspace.id, name=" Newsletter ", html="{{ content }}")


def test_copies_have_names_of_their_own(newsletter):
    names = [duplicate_template(newsletter).name for _ in range(2)]

    assert names == ["Newsletter (copy)", "Newsletter (copy 2)"]


def test_the_pages_about_templates_answer(sign_in, ben, letterhead):
    browser = sign_in(ben)

    assert browser.get("/w/bakery/templates").status_code == 200
    assert browser.get(page(letterhead, "/edit")).status_code == 200
    preview_page = browser.get(page(letterhead, "/preview"))
    assert "sandbox" in preview_page.headers["Content-Security-Policy"]
    saved = browser.post(page(letterhead), data={"name": "News", "html": "<b>{{ content }}</b>"})
    assert saved.status_code == 302
    wrong = browser.post(page(letterhead), data={"name": "News", "html": "<b>{% for %}</b>"})
    assert wrong.status_code == 422
    assert browser.post(page(letterhead, "/archive")).status_code == 302
    assert "Archived" in browser.get("/w/bakery/templates").text
    assert browser.post(page(letterhead, "/restore")).status_code == 302
    assert browser.post(page(letterhead, "/duplicate")).status_code == 302


@pytest.mark.parametrize("path", ["", "/archive", "/restore", "/duplicate"])
@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("cleo", 404)])
def test_a_viewer_and_a_stranger_change_nothing(sign_in, request, newsletter, path, who, status):
    browser = sign_in(request.getfixturevalue(who))

    answer = browser.post(page(newsletter, path), data={"name": "x", "html": "{{ content }}"})

    assert answer.status_code == status
    assert factories.refreshed(newsletter).name == "Newsletter"


def test_a_template_of_another_workspace_does_not_exist_here(sign_in, ana, other_workspace):
    theirs = plant_designs(other_workspace.id)[0]

    assert sign_in(ana).get(page(theirs, "/preview")).status_code == 404


def test_a_page_that_saves_itself_learns_the_next_revision_and_who_was_faster(sign_in, ben, newsletter):
    browser = sign_in(ben)
    written = {"name": "News", "html": newsletter.html, "revision": newsletter.revision}
    as_script = {"Accept": "application/json"}

    saved = browser.post(page(newsletter), data=written, headers=as_script)
    late = browser.post(page(newsletter), data=written, headers=as_script)
    nameless = browser.post(page(newsletter), data={**written, "name": ""}, headers=as_script)

    assert saved.json["revision"] == written["revision"] + 1
    assert (late.status_code, late.json["revision"]) == (409, saved.json["revision"])
    assert nameless.status_code == 422
    assert "name" in nameless.json["fields"]
