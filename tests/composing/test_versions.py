"""A template's versions: published, looked at side by side, brought back; the gallery and the brand."""

import pytest

from mailer.composing.compare import compare
from mailer.composing.gallery import GALLERY, gallery_design
from mailer.composing.queries import brand_of
from mailer.composing.save_template import create_template, update_template
from mailer.rendering.blocks.read import written
from tests import factories

BRAND = {
    "accent": "#aa3322",
    "text": "#cccccc",
    "sheet": "#ffffff",
    "font": "georgia",
    "heading_font": "palatino",
    "logo_src": "https://example.com/logo.png",
    "logo_alt": "Bakery",
    "logo_width": "140",
    "postal_address": "Mill Lane 1",
}


@pytest.fixture
def letter(workspace):
    template = create_template(workspace.id, name="My letter", document=gallery_design("letter"))
    design = written(template.document)
    design["rows"][1]["columns"][0]["blocks"][0]["html"] = "<p>Other words.</p>"
    del design["rows"][0]
    update_template(template, name="My letter", design=design)
    return template


def page(template, path=""):
    return f"/w/bakery/templates/{template.public_id}{path}"


def test_a_comparison_names_parts_and_words(letter):
    comparison = compare(letter.published, letter)

    assert {"Logo removed", "Text: html", "Rows"} <= set(comparison.changes)
    assert "Other words." in [line.text for line in comparison.lines if line.kind == "new"]
    assert any("Dear" in line.text for line in comparison.lines if line.kind == "gone")
    assert compare(letter, letter).is_same


def test_a_template_is_published_compared_and_brought_back(sign_in, ben, letter):
    browser = sign_in(ben)

    compared = browser.get(page(letter, "/compare")).text
    assert "Logo removed" in compared
    assert "Other words." in compared
    assert browser.post(page(letter, "/publish"), data={"note": "Shorter"}).status_code == 302
    listed = browser.get(page(letter, "/versions")).text
    assert "Version 2" in listed
    assert "Shorter" in listed
    assert ben.name in listed
    assert "Dear" in browser.get(page(letter, "/versions/1/preview")).text
    assert "Other words." in browser.get(page(letter, "/versions/draft/preview")).text
    assert browser.post(page(letter, "/versions/1/roll-back")).status_code == 302
    assert "Back to version 1" in browser.get(page(letter, "/versions")).text
    assert browser.get(page(letter, "/versions/9/preview")).status_code == 404
    assert browser.get(page(letter, "/compare?before=x")).status_code == 404


def test_a_draft_is_thrown_away(sign_in, ben, letter):
    assert sign_in(ben).post(page(letter, "/discard")).status_code == 302

    assert not factories.refreshed(letter).is_changed


def test_a_template_begins_from_the_gallery(sign_in, ben):
    browser = sign_in(ben)

    assert "Five links" in browser.get("/w/bakery/templates/new").text
    for start in (GALLERY[3].key, GALLERY[3].key, "empty", "html"):
        made = browser.post("/w/bakery/templates", data={"start": start})
        assert browser.get(made.location).status_code == 200
    assert browser.post("/w/bakery/templates", data={"start": "nope"}).status_code == 404
    shown = browser.get("/w/bakery/templates").text
    assert "Digest 2" in shown
    assert browser.get("/w/bakery/templates/gallery/event/preview").status_code == 200
    assert browser.get("/w/bakery/templates/gallery/nope/preview").status_code == 404


def test_the_brand_is_followed_by_every_design(sign_in, ben, workspace, letter):
    browser = sign_in(ben)

    assert browser.get("/w/bakery/settings/brand").status_code == 200
    assert browser.post("/w/bakery/settings/brand", data=BRAND).status_code == 302

    shown = browser.get("/w/bakery/settings/brand").text
    assert "Text on the sheet: 1.6 to 1" in shown
    looked_at = browser.get("/w/bakery/settings/brand/preview").text
    assert "https://example.com/logo.png" in looked_at
    assert "background-color:#aa3322" in looked_at
    assert "Mill Lane 1" in looked_at
    assert "Palatino" in looked_at


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accent", "red"),
        ("text", "#12"),
        ("font", "comic"),
        ("logo_src", "javascript:alert(1)"),
        ("logo_href", "//example.com"),
        ("logo_width", "9000"),
    ],
)
def test_a_brand_that_cannot_be_used_is_refused_at_its_field(sign_in, ben, workspace, name, value):
    answer = sign_in(ben).post("/w/bakery/settings/brand", data={**BRAND, name: value})

    assert answer.status_code == 422
    assert "field-error" in answer.text
    assert brand_of(factories.refreshed(workspace)).font == "sans"


def test_colours_are_chosen_by_the_product_when_asked(sign_in, ben, workspace):
    sign_in(ben).post("/w/bakery/settings/brand", data={**BRAND, "is_plain": "y"})

    assert factories.refreshed(workspace).accent_color == "#aa3322"
    assert brand_of(workspace).weak_pairs() == []


def test_the_brand_of_one_workspace_is_not_anothers(sign_in, ben, other_workspace):
    sign_in(ben).post("/w/bakery/settings/brand", data=BRAND)

    assert brand_of(other_workspace).font == "sans"


@pytest.mark.parametrize("path", ["/publish", "/discard", "/versions/1/roll-back"])
def test_a_stranger_changes_no_versions(sign_in, cleo, letter, path):
    assert sign_in(cleo).post(page(letter, path)).status_code == 404
    assert factories.refreshed(letter).version == 1


def test_versions_of_another_workspace_do_not_exist_here(sign_in, ben, other_workspace):
    theirs = create_template(other_workspace.id, name="Theirs", document=gallery_design("letter"))

    for path in ("/versions", "/compare", "/versions/1/preview"):
        assert sign_in(ben).get(page(theirs, path)).status_code == 404
