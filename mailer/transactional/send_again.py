"""Sending a message once more, as a new one: somebody says that it never came."""

from datetime import datetime

from mailer.accounts.models import Workspace
from mailer.delivery.engine.enclosures import Enclosure
from mailer.errors import Conflict
from mailer.lib.ids import public_id
from mailer.transactional.letter import Letter, Mailbox
from mailer.transactional.models import Source, TransactionalMessage
from mailer.transactional.preview import words_as_sent
from mailer.transactional.send import send


def send_again(workspace: Workspace, message: TransactionalMessage, *, now: datetime) -> str:
    """Send the words of a message to its addresses; return the new message's id as people see it.

    :raises Conflict: its words are forgotten
    :raises Invalid: it cannot be sent any more, since an address is suppressed by now
    """
    if message.redacted_at is not None:
        raise Conflict("Its words are forgotten, so that it cannot be sent again.")
    content = message.message
    words = words_as_sent(content)
    made = send(
        workspace,
        Letter(
            sender=Mailbox(content.from_name, content.from_email),
            to=[Mailbox.read(each) for each in message.to],
            cc=[Mailbox.read(each) for each in message.cc],
            bcc=[Mailbox.read(each) for each in message.bcc],
            reply_to=[Mailbox(*each) for each in (content.mailboxes or {}).get("reply_to", ())],
            subject=words.subject,
            html=words.html,
            text=words.text,
            headers=dict(content.headers or ()),
            attachments=[
                Enclosure(each.name, each.content_type, each.content, each.content_id)
                for each in content.attachments
            ],
            tags=[tag.name for tag in message.tags],
            stream=message.stream,
            is_tracked=content.is_tracked,
        ),
        source=Source.PERSON,
        now=now,
    )
    return public_id(TransactionalMessage.prefix, made)
