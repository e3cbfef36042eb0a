from io import BytesIO

import pytest

from mailer.composing.media.models import Picture
from mailer.composing.media.upload import remove_picture, upload_picture
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.clock import utcnow
from tests import factories

URL = "/w/bakery/media"
JSON = {"Accept": "application/json"}


def file(name="loaf.png", data=None):
    return {"file": (BytesIO(data or factories.picture_bytes()), name)}


def test_what_is_uploaded_is_served_for_ever_and_never_sniffed(workspace, ben, sign_in, client):
    made = sign_in(ben).post(URL, data={**file("../../Fresh loaf.png"), "alt": " A loaf "}, headers=JSON)

    said = made.json
    assert made.status_code == 201
    assert said["name"] == "Fresh loaf.png"
    assert said["alt"] == "A loaf"
    assert said["url"].startswith("http://localhost/m/")
    assert 'value="A loaf"' in said["html"]
    for address in (said["url"], said["thumbnail"]):
        served = client.get(address)
        assert served.status_code == 200
        assert served.headers["X-Content-Type-Options"] == "nosniff"
        assert "immutable" in served.headers["Cache-Control"]
        assert served.mimetype in {"image/png", "image/jpeg"}
        assert client.get(address, headers={"If-None-Match": served.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    "name", ["nothing.png", "0" * 32 + ".png", "0" * 32 + ".svg", "..%2F..%2Fsecret_key", "0.png"]
)
def test_no_other_file_is_served(app, client, name):
    assert client.get(f"/m/{name}").status_code == 404


def test_the_same_picture_twice_is_one_and_comes_back(workspace, other_workspace):
    data = factories.picture_bytes()

    first = upload_picture(workspace.id, file_name="a.png", data=data)
    remove_picture(first, now=utcnow())
    second = upload_picture(workspace.id, file_name="b.png", data=data, alt="A loaf")
    theirs = upload_picture(other_workspace.id, file_name="a.png", data=data)

    assert second.id == first.id
    assert second.removed_at is None
    assert second.alt == "A loaf"
    assert theirs.stored_as != first.stored_as


def test_the_list_is_searched_by_name_and_description(workspace, other_workspace, ben, sign_in):
    for number, (name, alt) in enumerate(
        [("loaf.png", ""), ("x.png", "A loaf on a table"), ("cake.png", "100%")]
    ):
        data = factories.picture_bytes(color=(number, 0, 0))
        upload_picture(workspace.id, file_name=name, data=data, alt=alt)
    upload_picture(other_workspace.id, file_name="loaf.png", data=factories.picture_bytes())
    browser = sign_in(ben)

    found = browser.get(URL, query_string={"q": "loaf"}, headers=JSON).json["media"]

    assert [one["name"] for one in found] == ["x.png", "loaf.png"]
    assert len(browser.get(URL, query_string={"q": "%"}, headers=JSON).json["media"]) == 1
    assert len(browser.get(URL, headers=JSON).json["media"]) == 3


def test_a_picture_is_described_removed_and_taken_back(workspace, ben, sign_in, client):
    picture = upload_picture(workspace.id, file_name="loaf.png", data=factories.picture_bytes())
    here = f"{URL}/{picture.public_id}"
    browser = sign_in(ben)

    assert browser.post(here, data={"alt": "A loaf"}, headers=JSON).json["alt"] == "A loaf"
    assert browser.post(here, data={"alt": "x" * 501}, headers=JSON).status_code == 422
    browser.post(f"{here}/remove")
    assert browser.get(URL, headers=JSON).json["media"] == []
    assert client.get(f"/m/{picture.stored_as}").status_code == 200
    browser.post(f"{here}/restore")
    assert browser.get(URL, headers=JSON).json["media"][0]["alt"] == "A loaf"


def test_what_is_no_picture_is_refused_with_a_sentence(workspace, ben, sign_in):
    answer = sign_in(ben).post(URL, data=file("x.svg", b"<svg/>"), headers=JSON)

    assert answer.status_code == 422
    assert "SVG" in answer.json["message"]
    assert db.session.query(Picture).count() == 0


def test_a_heavy_picture_is_warned_of(workspace):
    picture = upload_picture(workspace.id, file_name="loaf.png", data=factories.picture_bytes())
    picture.byte_count = 900 * 1024

    assert "900 KB" in picture.warning


def test_a_width_that_no_mail_has_is_refused(workspace):
    with pytest.raises(Invalid, match="wide"):
        upload_picture(workspace.id, file_name="a.png", data=factories.picture_bytes(), shown_width=0)


def test_a_viewer_looks_but_changes_nothing(workspace, vera, sign_in):
    picture = upload_picture(workspace.id, file_name="loaf.png", data=factories.picture_bytes(), alt="A loaf")
    browser = sign_in(vera)

    page = browser.get(URL)

    assert "A loaf" in page.text
    assert "data-drop" not in page.text
    assert browser.post(URL, data=file()).status_code == 403
    assert browser.post(f"{URL}/{picture.public_id}/remove").status_code == 403
