from email import message_from_bytes, policy

from mailer.audience.models import Tag
from mailer.db import db
from mailer.delivery import send
from tests import factories


def text_of(data):
    return message_from_bytes(data, policy=policy.default).get_body(("plain",)).get_content()


def test_a_mail_says_what_its_reader_is_tagged_with_and_reads(
    workspace, other_workspace, bread, readers, smtp, launch
):
    cakes = factories.mailing_list(workspace, "Cakes")
    factories.subscription(readers[0], cakes)
    readers[0].tags = [
        factories.add(Tag(workspace_id=workspace.id, name=name)) for name in ("early", "baker")
    ]
    factories.subscriber(other_workspace, "reader-0@example.com", on=factories.mailing_list(other_workspace))
    launch(
        bread,
        text="{% for tag in subscriber.tags %}<{{ tag }}>{% else %}no tags{% endfor %} "
        "{{ subscriber.lists }}; {{ subscriber.list }} since {{ subscriber.subscribed_at | date('y') }}. "
        "{{ unsubscribe_url }}",
    )

    send.deliver_due()

    said = {each.recipient: text_of(each.data) for each in smtp.received}
    year = readers[0].subscriptions[0].started_at.year
    assert said["reader-0@example.com"].startswith(
        f"<baker><early> Weekly bread, Cakes; Weekly bread since {year}"
    )
    assert said["reader-1@example.com"].startswith(f"no tags Weekly bread; Weekly bread since {year}")
    db.session.rollback()
