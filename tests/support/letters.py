"""One message, written down by the form letter that many are written by."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.delivery.engine.header_fields import header
from mailer.delivery.engine.mime import FormLetter
from mailer.errors import Invalid


@dataclass(frozen=True, slots=True)
class Letter:
    """All that a message says, before it is written down.

    :param message_id: without its angle brackets
    :param headers: further ones in order, such as List-Unsubscribe; ASCII, written as they are
    """

    from_name: str
    from_email: str
    to: str
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime
    reply_to: str = ""
    headers: Sequence[tuple[str, str]] = ()


def write(letter: Letter) -> bytes:
    """Return the message as it crosses the wire, without the final dot.

    :raises Invalid: a header holds a control character, or would be longer than a line may be
    """
    form = FormLetter(
        from_name=letter.from_name,
        from_email=letter.from_email,
        reply_to=letter.reply_to,
        boundary=re.sub(r"[^A-Za-z0-9]", "", letter.message_id)[:60],
        has_html=bool(letter.html),
    )
    head = form.head(
        to=letter.to,
        subject=letter.subject,
        message_id=letter.message_id,
        date=letter.date,
        headers="".join(_further(letter.headers)),
    )
    return head + b"\r\n" + form.write([letter.text], [letter.html])


def _further(headers: Sequence[tuple[str, str]]) -> Iterator[str]:
    seen = set()
    for name, value in headers:
        if name.lower() in seen:
            raise Invalid(f"A message has one {name} header, and this would be a second.")
        seen.add(name.lower())
        yield header(name, value)
