"""From a mail, as a program's library wrote it, to a letter."""

import json
from collections.abc import Iterator, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any, Final

from mailer.delivery.engine.enclosures import FALLBACK_TYPE, Enclosure, is_type
from mailer.lib.addresses import address_key
from mailer.transactional.enclose import enclose
from mailer.transactional.letter import DEFAULT_STREAM, Letter, Mailbox, may_bring, read_mailboxes, wrong

_OURS: Final = "X-Mailer-"


def read_mail(content: bytes, recipients: Sequence[str]) -> Letter:
    """Return what a program asks for.

    Who gets it is what the envelope says; of the head's addresses those are kept that do.

    :param recipients: of the envelope
    :raises Invalid: something in it cannot be read
    """
    mail: Any = message_from_bytes(content, policy=policy.default)
    waiting = {address_key(each): each for each in recipients}
    to = _named(mail, "To", waiting)
    cc = _named(mail, "Cc", waiting)
    bcc = read_mailboxes(waiting.values(), field="to")
    if not to and not cc:
        to, bcc = bcc[:1], bcc[1:]
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    senders = _mailboxes(mail, "From")
    return Letter(
        sender=senders[0] if senders else None,
        to=to or cc[:1],
        cc=cc if to else cc[1:],
        bcc=bcc,
        reply_to=_mailboxes(mail, "Reply-To"),
        subject=_ours(mail, "Subject", prefix=""),
        html=_words(html),
        text=_words(text) if text is not None else None,
        template=_ours(mail, "Template"),
        variables=_variables(_ours(mail, "Variables")),
        headers=dict(_headers(mail)),
        attachments=list(
            _files(mail, bodies=[part for part in (html, text) if part is not None], html=_words(html))
        ),
        tags=[tag.strip() for tag in _ours(mail, "Tag").split(",") if tag.strip()],
        stream=_ours(mail, "Stream") or DEFAULT_STREAM,
        is_tracked=_ours(mail, "Track").lower() in {"yes", "true", "1"},
    )


def idempotency_key(content: bytes) -> str:
    """Return the name that a program gave its message, so that a repeat does no harm; empty for none."""
    return _ours(message_from_bytes(content, policy=policy.default), "Idempotency-Key")


def _ours(mail: Any, name: str, *, prefix: str = _OURS) -> str:
    return " ".join(str(mail.get(f"{prefix}{name}") or "").split())


def _mailboxes(mail: Any, name: str) -> list[Mailbox]:
    pairs = getaddresses([str(value) for value in mail.get_all(name, [])])
    texts = [str(Mailbox(display.replace("<", ""), email)) for display, email in pairs if email]
    return read_mailboxes(texts, field=name.lower())


def _named(mail: Any, name: str, waiting: dict[str, str]) -> list[Mailbox]:
    """Return who of a head's field gets the message, and take them off those who wait."""
    return [each for each in _mailboxes(mail, name) if waiting.pop(address_key(each.email), None)]


def _headers(mail: Any) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for name, value in mail.items():
        if may_bring(name) and name.lower() not in seen:
            seen.add(name.lower())
            yield name, " ".join(str(value).split())


def _files(mail: Any, *, bodies: Sequence[EmailMessage | None], html: str) -> Iterator[Enclosure]:
    """Yield all parts but the words; those that the HTML shows keep the name by which it does."""
    skipped = {id(each) for each in bodies}
    for part in mail.walk():
        is_mail = part.get_content_type() == "message/rfc822"
        if id(part) in skipped or (part.is_multipart() and not is_mail):
            continue
        if is_mail:
            # What is inside belongs to it.
            skipped |= {id(inner) for inner in part.walk()}
        kind = part.get_content_type()
        inner = part.get_payload(0).as_bytes() if is_mail else part.get_payload(decode=True)
        name = str(part.get("Content-ID") or "").strip().strip("<>")
        yield enclose(
            inner or b"",
            name=part.get_filename() or ("message.eml" if is_mail else ""),
            content_type=kind if is_type(kind) else FALLBACK_TYPE,
            content_id=name if name and f"cid:{name}" in html else "",
        )


def _words(part: Any) -> str:
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, ValueError):
        # A character set that nobody knows.
        return (part.get_payload(decode=True) or b"").decode("utf-8", "replace")


def _variables(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        variables = json.loads(text)
    except ValueError:
        variables = None
    if not isinstance(variables, dict):
        raise wrong("variables", f"{_OURS}Variables is one JSON object.")
    return variables
