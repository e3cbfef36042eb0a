"""Writing a message: our own serialiser, in which each header stands exactly once.

Header fields are written by ``header_fields``, bodies by ``quoted_printable``.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from mailer.delivery.engine.enclosures import Enclosure, by_place, closing
from mailer.delivery.engine.header_fields import address_field, field, text_field, to_field
from mailer.delivery.engine.quoted_printable import SlottedBytes, Splicer


class FormLetter:
    """One message to many: what is the same for all of its readers is encoded once, the rest spliced in.

    Lines end in CRLF, are 76 characters or fewer in the bodies, and none begins with a
    dot, so that nothing needs stuffing (RFC 5321 4.5.2).

    :param boundary: letters and digits that no other message has
    :param constants: pieces that come again in every message, such as the text between merge tags
    :param layouts: of HTML and text, when all but some slots is the same in every message:
        texts, and between them the slots' numbers
    :param headers: further ones that every message has, in lines made by ``header_fields.header``
    :param addressed: the To, Cc and Reply-To fields, where they say more than the reader's own
        address, in lines made by ``header_fields.mailboxes_header``
    :param enclosures: files that go with every message
    """

    def __init__(
        self,
        *,
        from_name: str,
        from_email: str,
        boundary: str,
        reply_to: str = "",
        has_html: bool = True,
        constants: Iterable[str] = (),
        layouts: tuple[Sequence[str | int], Sequence[str | int]] | None = None,
        headers: str = "",
        addressed: str = "",
        enclosures: Sequence[Enclosure] = (),
    ) -> None:
        self._from = address_field("From", from_name, from_email)
        self._reply_to = address_field("Reply-To", "", reply_to) if reply_to else ""
        self._addressed = addressed
        self._splicer = Splicer(constants)
        self._date: datetime | None = None
        self._date_line = ""
        self._has_html = has_html
        # ``=_`` cannot occur in quoted-printable or base64, so no part can hold a boundary.
        kind, before, after = _part_head("text/plain"), "", b""
        self._between = b""
        if has_html:
            mark = f"--=_{boundary}"
            kind = _multipart("alternative", boundary)
            before = f"{mark}\r\n{_part_head('text/plain')}\r\n"
            self._between = f"{mark}\r\n{_part_head('text/html')}\r\n".encode()
            after = f"{mark}--\r\n".encode()
        root = "multipart/alternative" if has_html else "text/plain"
        for multipart, enclosed in by_place(enclosures):
            outer = f"{boundary}{multipart}"
            before = f"--=_{outer}\r\n{kind}\r\n{before}"
            after += closing(enclosed, outer)
            kind = _multipart(multipart, outer, root=root)
        self._end = headers + field("MIME-Version", "1.0") + kind
        self._before, self._after = before.encode(), after
        self._form = None
        if layouts:
            html, text = layouts
            parts = [self._between, html] if has_html else []
            self._form = SlottedBytes([self._before, text, *parts, self._after])

    def head(self, *, to: str, subject: str, message_id: str, date: datetime, headers: str = "") -> bytes:
        """Return one reader's header fields.

        :param message_id: without its angle brackets
        :param headers: this reader's own, in lines made by ``header_fields.header``
        :raises Invalid: a header holds a control character, or would be longer than a line may be
        """
        return "".join(
            (
                self._from,
                self._addressed or to_field(to),
                self._reply_to,
                text_field("Subject", subject),
                self._dated(date),
                field("Message-ID", f"<{message_id}>"),
                headers,
                self._end,
            )
        ).encode()

    def _dated(self, date: datetime) -> str:
        # Many are written at one moment.
        if date is not self._date:
            self._date, self._date_line = date, _date_line(date.replace(microsecond=0))
        return self._date_line

    def write(self, text: Iterable[str], html: Iterable[str]) -> bytes:
        """Return what follows the empty line after the header fields.

        :param text: the text part in pieces; those among the constants cost nothing
        :param html: likewise
        """
        encode = self._splicer.encode
        parts = (self._between, *encode(html)) if self._has_html else ()
        return b"".join((self._before, *encode(text), *parts, self._after))

    def fill(self, lines: list[bytes]) -> bytes:
        """Return what :meth:`write` does, when all but the slots of the layouts is known.

        :param lines: of each slot, made by ``quoted_printable.segment``
        """
        assert self._form is not None
        return self._form.fill(lines)


@lru_cache(maxsize=2)
def _date_line(second: datetime) -> str:
    """Return the header field of all messages of one second, which is all that it can tell."""
    return field("Date", format_datetime(second))


def _multipart(kind: str, boundary: str, *, root: str = "") -> str:
    # RFC 2387 3.1: what is related must say what its first part is.
    type_of_root = f';\r\n type="{root}"' if kind == "related" else ""
    return f'Content-Type: multipart/{kind};\r\n boundary="=_{boundary}"{type_of_root}\r\n'


def _part_head(kind: str) -> str:
    return f"Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
