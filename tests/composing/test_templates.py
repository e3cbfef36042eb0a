import pytest

from mailer.accounts.found import found_workspace
from mailer.composing.plant import DESIGNS, plant_designs
from mailer.composing.preview import SAMPLE_READER, SAMPLE_WORDS, preview
from mailer.composing.queries import current_templates
from mailer.composing.save_template import create_template, duplicate_template, update_template
from mailer.errors import Conflict, Invalid
from mailer.rendering.design import Design
from mailer.rendering.freeze import freeze
from tests import factories


@pytest.fixture
def newsletter(workspace):
    return plant_designs(workspace.id)[0]


def page(template, path=""):
    return f"/w/bakery/templates/{template.public_id}{path}"


def test_a_new_workspace_begins_with_our_designs(app, ana):
    founded = found_workspace("Second shop", ana)

    assert [template.name for template in current_templates(founded.id)] == list(DESIGNS)


@pytest.mark.parametrize("name", DESIGNS)
def test_each_design_holds_words_and_can_be_unsubscribed_from(workspace, name):
    template = next(one for one in plant_designs(workspace.id) if one.name == name)
    design = Design(subject="", preheader="", body=SAMPLE_WORDS, format="markdown", layout=template.html)

    html = preview(design, workspace=workspace, campaign_name="May", reader=SAMPLE_READER).html

    assert not freeze(design).is_footer_added
    assert "A headline goes here" in html
    assert "prefers-color-scheme: dark" in html
    assert f"background-color:{workspace.accent_color}" in html
    assert 'class="button"' in html


def test_a_template_is_changed_and_checked(newsletter):
    with pytest.raises(Invalid, match="exactly once"):
        update_template(newsletter, name="Newsletter", html="<p>nothing</p>")

    update_template(newsletter, name="News", html="<p>{{ content }}</p>")

    assert (newsletter.name, newsletter.html) == ("News", "<p>{{ content }}</p>")


def test_names_are_given_once(workspace, newsletter):
    with pytest.raises(Conflict, match="Another template"):
        create_template(workspace.id, name=" Newsletter ", html="{{ content }}")


def test_copies_have_names_of_their_own(newsletter):
    names = [duplicate_template(newsletter).name for _ in range(2)]

    assert names == ["Newsletter (copy)", "Newsletter (copy 2)"]


def test_the_pages_about_templates_answer(sign_in, ben, newsletter):
    browser = sign_in(ben)

    assert browser.get("/w/bakery/templates").status_code == 200
    assert browser.get(page(newsletter, "/edit")).status_code == 200
    preview_page = browser.get(page(newsletter, "/preview"))
    assert "sandbox" in preview_page.headers["Content-Security-Policy"]
    saved = browser.post(page(newsletter), data={"name": "News", "html": "<b>{{ content }}</b>"})
    assert saved.status_code == 302
    wrong = browser.post(page(newsletter), data={"name": "News", "html": "<b>{% for %}</b>"})
    assert wrong.status_code == 422
    assert browser.post(page(newsletter, "/archive")).status_code == 302
    assert "Archived" in browser.get("/w/bakery/templates").text
    assert browser.post(page(newsletter, "/restore")).status_code == 302
    assert browser.post(page(newsletter, "/duplicate")).status_code == 302


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
