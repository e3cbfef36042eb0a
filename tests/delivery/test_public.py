"""A mail as a page."""

from mailer.current import links
from mailer.delivery import send
from mailer.delivery.models import MessageKind
from mailer.lib.ids import uuid7
from tests.delivery.conftest import deliveries
from tests.support.links import view_url


def path_of(delivery):
    return view_url(delivery.message_id, delivery.id).removeprefix(links().base_url)


def test_the_reader_sees_their_own_mail_and_nothing_in_it_runs(client, bread, readers, launch, smtp):
    launch(bread, html="<p>Hello {{ subscriber.name }}</p><script>alert(1)</script>")
    send.deliver_due()

    answer = client.get(path_of(deliveries()["reader-2@example.com"]))

    assert answer.status_code == 200
    assert "Hello Reader 2" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("sandbox ")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "allow-scripts" not in answer.headers["Content-Security-Policy"]


def test_looking_does_not_count_as_another_open(client, bread, readers, launch, smtp):
    launch(bread)
    send.deliver_due()

    page = client.get(path_of(deliveries()["reader-2@example.com"])).text

    assert "/o/" not in page
    assert "/c/" in page


def test_other_links_lead_nowhere(client, bread, readers, launch, smtp):
    launch(bread)
    send.deliver_due()
    delivery = deliveries()["reader-2@example.com"]
    made = links()

    for url in (
        view_url(uuid7(), delivery.id),
        view_url(delivery.message_id, uuid7()),
        made.open_url(delivery.message_id, delivery.id).replace("/o/", "/v/").removesuffix(".gif"),
    ):
        assert client.get(url.removeprefix(made.base_url)).status_code == 404


def test_our_own_mails_have_no_page(client, bread, readers, launch, smtp):
    launch(bread, kind=MessageKind.SYSTEM, html="<a href='https://x.example/secret'>secret</a>")
    send.deliver_due()

    assert client.get(path_of(deliveries()["reader-2@example.com"])).status_code == 404
