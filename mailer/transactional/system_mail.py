"""The mails that we send ourselves: a confirmation, a password reset, an invitation.

Each is a folder of three in ``templates/emails``. A room below asks by signal; here it
becomes a message and one delivery, in the transaction of whoever asked, so that a mail
is neither lost nor sent for something that was rolled back.
"""

import re
from functools import lru_cache, partial
from gettext import NullTranslations
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markdown_it import MarkdownIt
from markupsafe import Markup
from sqlalchemy import select

from mailer import signals
from mailer.accounts.models import Workspace
from mailer.current import settings
from mailer.db import db
from mailer.delivery.models import Delivery, Message, MessageKind, Sender
from mailer.jobs import DELIVER_TRANSACTIONAL, later
from mailer.lib.clock import utcnow
from mailer.lib.system_mail import SystemMail
from mailer.rendering import document
from mailer.rendering.merge import Rendered
from mailer.web.filters import text_on
from mailer.web.languages import catalogue, direction, strung

_FOLDER: Final = Path(__file__).parents[2] / "templates"


@signals.mail_wanted.connect
def send_system_mail(mail: SystemMail, **_: Any) -> None:
    """Write a mail down for sending, and ring for it once that is committed."""
    workspace = db.session.get_one(Workspace, mail.workspace_id)
    rendered = render(mail, workspace)
    message = Message(
        workspace_id=workspace.id,
        kind=MessageKind.SYSTEM,
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        **_sender_of(workspace),
    )
    db.session.add(message)
    db.session.flush()
    delivery = Delivery(
        workspace_id=workspace.id,
        message_id=message.id,
        subscriber_id=mail.subscriber_id,
        email=mail.to,
        next_try_at=utcnow(),
    )
    db.session.add(delivery)
    db.session.flush()
    later(DELIVER_TRANSACTIONAL)


@signals.mail_preview_wanted.connect
def preview_system_mail(mail: SystemMail, **_: Any) -> str:
    """Return the HTML that a mail would have."""
    return render(mail, db.session.get_one(Workspace, mail.workspace_id)).html


def render(mail: SystemMail, workspace: Workspace) -> Rendered:
    """Fill a mail's three templates in, in the workspace's look."""
    language = mail.language or "en"
    values = {
        **mail.values,
        "brand": {
            "name": workspace.name,
            "address": workspace.postal_address,
            "color": workspace.accent_color,
            "text_color": text_on(workspace.accent_color),
        },
        "language": language,
        "direction": direction(language),
        "_": partial(_said, catalogue(language)),
        "strung": partial(strung, tag=language),
    }
    templates = _environment()
    subject, text, html = (
        templates.get_template(f"emails/{mail.template}/{name}").render(values)
        for name in ("subject.txt", "body.txt", "body.html")
    )
    return Rendered(subject=" ".join(subject.split()), html=_inlined(html), text=_tidy(text))


def _said(known: NullTranslations, message: str, **values: object) -> str:
    """Return our words in the language of a mail, filled in."""
    words = known.gettext(message)
    return words % values if values else words


def _sender_of(workspace: Workspace) -> dict[str, str]:
    """Return from whom the workspace's own mails are: its first sender, or this installation."""
    sender = db.session.scalar(
        select(Sender).where(Sender.workspace_id == workspace.id).order_by(Sender.id).limit(1)
    )
    if sender is not None:
        return {"from_name": sender.name, "from_email": sender.email, "reply_to": sender.reply_to}
    host = urlsplit(settings().base_url).hostname or "localhost"
    return {"from_name": workspace.name, "from_email": f"mailer@{host}", "reply_to": ""}


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=select_autoescape(["html"], default_for_string=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["markdown"] = _markdown
    return environment


def _markdown(words: str) -> Markup:
    """Turn what staff wrote into HTML; markup in it is shown, not obeyed."""
    return Markup(MarkdownIt("commonmark", {"html": False}).render(words))  # noqa: S704


def _inlined(html: str) -> str:
    root = document.parse(html)
    document.inline_css(root)
    return document.serialize(root)


def _tidy(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
