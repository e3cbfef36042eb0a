"""The door for clicks and opens."""

from sqlalchemy.exc import OperationalError

from mailer import app as product
from mailer.app import create_app
from mailer.db import db
from mailer.tracking.ingest import spool_folder
from mailer.tracking.spool import Spool, read

BEN = "reader-0@example.com"


def spooled(settings):
    return [event for path in Spool(spool_folder(settings.data_dir)).take() for event in read(path)]


def test_a_click_leads_where_the_row_says_and_is_spooled(client, sent, click_of, settings):
    answer = client.get(click_of(BEN, 1), headers={"User-Agent": "Mail/1.0"})

    assert answer.status_code == 302
    assert answer.headers["Location"] == "https://bakery.example/s%C3%BC%C3%9F?a=1&b=2"
    assert answer.headers["Cache-Control"].startswith("no-store")
    (event,) = spooled(settings)
    assert (event.delivery_id, event.link_number, event.user_agent) == (sent[1][BEN].id, 1, "Mail/1.0")


def test_a_pixel_is_a_picture_and_is_spooled(client, sent, pixel_of, settings):
    answer = client.get(pixel_of(BEN))

    assert answer.status_code == 200
    assert answer.mimetype == "image/gif"
    assert answer.data.startswith(b"GIF89a")
    (event,) = spooled(settings)
    assert (event.delivery_id, event.link_number) == (sent[1][BEN].id, None)


def test_flipping_any_character_of_a_token_leads_nowhere(client, click_of, settings):
    path = click_of(BEN)
    for position in range(3, len(path)):
        forged = path[:position] + ("A" if path[position] != "A" else "B") + path[position + 1 :]

        assert client.get(forged).status_code == 404, forged

    assert spooled(settings) == []


def test_a_token_of_another_purpose_leads_nowhere(client, pixel_of, settings):
    token = pixel_of(BEN).removeprefix("/o/").removesuffix(".gif")

    assert client.get(f"/c/{token}").status_code == 404
    assert spooled(settings) == []


def test_a_broken_pixel_is_still_a_picture(client, app):
    answer = client.get("/o/nonsense.gif")

    assert answer.status_code == 200
    assert answer.mimetype == "image/gif"


def test_nobody_can_make_us_redirect_elsewhere(client, click_of):
    answer = client.get(click_of(BEN) + "?url=https://evil.example")

    assert answer.headers["Location"] == "https://bakery.example/order"


def test_head_looks_and_counts_nothing(client, click_of, pixel_of, settings):
    assert client.head(click_of(BEN)).status_code == 302
    assert client.head(pixel_of(BEN)).status_code == 200

    assert spooled(settings) == []


def test_a_link_number_beyond_the_last_leads_nowhere(client, click_of):
    assert client.get(click_of(BEN, 9)).status_code == 404


def test_known_links_work_after_a_restart_without_a_database(client, click_of, settings, monkeypatch):
    assert client.get(click_of(BEN)).status_code == 302

    def down(message_id):
        raise OperationalError("SELECT", {}, Exception("the database is down"))

    monkeypatch.setattr(product, "links_of", down)
    restarted = create_app(settings).test_client()

    assert restarted.get(click_of(BEN)).headers["Location"] == "https://bakery.example/order"
    assert len(spooled(settings)) == 2
    with_nothing_known = settings.data_dir / "links"
    for path in with_nothing_known.glob("*"):
        path.unlink()
    assert create_app(settings).test_client().get(click_of(BEN)).status_code == 503
    db.session.rollback()
