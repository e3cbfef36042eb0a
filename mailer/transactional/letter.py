"""What a program asks for, whichever door it came by, and what of it cannot be sent.

Plain values: a door makes a letter of what it was given, and ``send`` makes a message
and its deliveries of the letter.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from mailer.delivery.engine.enclosures import Enclosure, is_type
from mailer.errors import Invalid
from mailer.lib.addresses import split_mailbox
from mailer.lib.lines import clean_line

#: Where messages belong that name no stream.
DEFAULT_STREAM: Final = "transactional"
MOST_RECIPIENTS: Final = 50
MOST_ATTACHMENT_BYTES: Final = 20 * 1024 * 1024
#: Above it mail programs cut, and nobody reads on.
MOST_CHARACTERS: Final = 2_000_000
MOST_AHEAD: Final = timedelta(days=30)
_MOST_ATTACHMENTS: Final = 50
_MOST_TAGS: Final = 20
_MOST_HEADERS: Final = 30
_LONGEST_TAG: Final = 100
_LONGEST_HEADER: Final = 900
_STREAM: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_CONTENT_ID: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~@.-]{1,120}")

#: What a program may say in a head besides the fields that have a name here. Everything that
#: routes, authenticates or traces mail (Return-Path, Received, DKIM-Signature …) is ours.
_ALLOWED_HEADERS: Final = frozenset(
    {
        *("references", "in-reply-to", "thread-topic", "thread-index"),
        *("importance", "priority", "sensitivity", "precedence", "auto-submitted"),
        *("list-unsubscribe", "list-unsubscribe-post", "list-id", "list-help", "list-owner", "list-archive"),
        *("organization", "comments", "keywords", "require-recipient-valid-since"),
    }
)
_OURS: Final = ("x-mailer-",)
_HEADER_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}")
#: Nothing that a store or a shell would take for more than a name, and nothing that hides its ending.
#: Cf holds the marks that turn the direction: “exe.fdp” read backwards.
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_UNSAFE_IN_NAME: Final = re.compile(r'[\\/:*?"<>|]')


class Mailbox(NamedTuple):
    """A display name, which may be empty, and an address."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name else self.email

    @classmethod
    def read(cls, text: str) -> "Mailbox":
        """Read ``Ana <ana@example.com>`` or the address alone.

        :raises Invalid: with what is wrong with it
        """
        name, email = split_mailbox(text)
        return cls(clean_line(name, label="A display name", longest=120), email)


@dataclass(frozen=True)
class Letter:
    """One message to a few people.

    :param sender: from whom; none for the workspace's own
    :param html: goes out as it stands; or what stands in a template's content slot
    :param text: made from the HTML where it is none
    :param template: the id or the alias of a published template; empty for none
    :param stream: keeps its own suppressions and its own name with receivers
    :param scheduled_at: none for at once
    :param is_tracked: whether opens and clicks are counted, where the workspace counts persons
    """

    to: Sequence[Mailbox]
    sender: Mailbox | None = None
    cc: Sequence[Mailbox] = ()
    bcc: Sequence[Mailbox] = ()
    reply_to: Sequence[Mailbox] = ()
    subject: str = ""
    html: str = ""
    text: str | None = None
    template: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: Sequence[Enclosure] = ()
    tags: Sequence[str] = ()
    stream: str = DEFAULT_STREAM
    scheduled_at: datetime | None = None
    is_tracked: bool = False

    @property
    def recipients(self) -> list[Mailbox]:
        """Everybody who gets it, in the order in which they are named, each address once."""
        everybody = (*self.to, *self.cc, *self.bcc)
        return list({each.email: each for each in everybody[::-1]}.values())[::-1]


def read_mailboxes(texts: Iterable[str], *, field: str) -> list[Mailbox]:
    """Read several mailboxes.

    :param field: what an error is about
    :raises Invalid: with what is wrong with one of them
    """
    try:
        return [Mailbox.read(text) for text in texts]
    except Invalid as error:
        raise wrong(field, error.message) from None


def check(letter: Letter, *, now: datetime) -> None:
    """Refuse a letter that could never be sent as it is meant.

    :raises Invalid: with what is wrong, by the field of the API
    """
    _check_recipients(letter)
    _check_words(letter)
    _check_headers(letter.headers)
    _check_attachments(letter.attachments)
    _check_tags(letter.tags)
    if not _STREAM.fullmatch(letter.stream):
        raise wrong(
            "stream", "A stream’s name has lower-case letters, digits and dashes, 40 at most: “receipts”."
        )
    if letter.scheduled_at is not None and letter.scheduled_at > now + MOST_AHEAD:
        raise wrong("scheduled_at", f"A message can be scheduled {MOST_AHEAD.days} days ahead at most.")


def may_bring(header: str) -> bool:
    """Whether a message may bring a header field of a name along."""
    key = header.lower()
    is_allowed = key in _ALLOWED_HEADERS or (key.startswith("x-") and not key.startswith(_OURS))
    return is_allowed and _HEADER_NAME.fullmatch(header) is not None


def check_words(field: str, words: str) -> None:
    """Refuse words that are far too many, or that no database and no mail can hold.

    :raises Invalid: with what is wrong
    """
    if len(words) > MOST_CHARACTERS:
        raise wrong(field, f"This is longer than {MOST_CHARACTERS:,} characters.")
    if "\0" in words:
        raise wrong(field, "A zero byte cannot stand in a mail.")
    try:
        words.encode()
    except UnicodeEncodeError:
        raise wrong(field, "Half of a character (a lone surrogate) cannot stand in a mail.") from None


def wrong(field: str, sentence: str) -> Invalid:
    """Return the error about one field."""
    return Invalid(sentence, fields={field: sentence})


def file_name(given: str) -> str:
    """Return a file's name as it can stand in a mail: without folders, control characters and tricks."""
    name = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    kept = (
        one for one in name if unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    )
    name = " ".join(_UNSAFE_IN_NAME.sub("_", "".join(kept)).split()).strip(". ")
    if len(name) > 120:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[:100]}{dot}{ending[:15]}" if dot else name[:120]
    return name or "attachment"


def _check_recipients(letter: Letter) -> None:
    if not letter.to:
        raise wrong("to", "Say whom it goes to.")
    if len(letter.recipients) > MOST_RECIPIENTS:
        raise wrong("to", f"A message goes to {MOST_RECIPIENTS} addresses at most; send several.")


def _check_words(letter: Letter) -> None:
    clean_subject = clean_line(letter.subject, label="The subject", longest=998)
    if not letter.template and not clean_subject:
        raise wrong("subject", "Write a subject.")
    if not letter.template and not (letter.html.strip() or (letter.text or "").strip()):
        raise wrong("html", "Write html or text, or name a template.")
    check_words("html", letter.html)
    check_words("text", letter.text or "")


def _check_headers(headers: Mapping[str, str]) -> None:
    if len(headers) > _MOST_HEADERS:
        raise wrong("headers", f"{_MOST_HEADERS} headers at most.")
    seen: set[str] = set()
    for name, value in headers.items():
        key = name.lower()
        if not may_bring(name):
            raise wrong("headers", f"“{name[:60]}” is no header that a message may bring; X-… always is.")
        if key in seen:
            raise wrong("headers", f"{name} is given twice.")
        seen.add(key)
        try:
            clean_line(value, label=f"The {name} header", longest=_LONGEST_HEADER, is_required=True)
        except Invalid as error:
            raise wrong("headers", error.message) from None


def _check_attachments(attachments: Sequence[Enclosure]) -> None:
    if len(attachments) > _MOST_ATTACHMENTS:
        raise wrong("attachments", f"{_MOST_ATTACHMENTS} files at most.")
    if sum(len(each.content) for each in attachments) > MOST_ATTACHMENT_BYTES:
        raise wrong(
            "attachments",
            f"The files weigh more than {MOST_ATTACHMENT_BYTES // 2**20} MB; many servers refuse such mail.",
        )
    for each in attachments:
        if not is_type(each.content_type):
            raise wrong("attachments", f"“{each.content_type[:60]}” is no content type such as image/png.")
        if each.content_id and not _CONTENT_ID.fullmatch(each.content_id):
            raise wrong("attachments", f"“{each.content_id[:60]}” cannot be a content id.")


def _check_tags(tags: Sequence[str]) -> None:
    if len(tags) > _MOST_TAGS:
        raise wrong("tags", f"{_MOST_TAGS} tags at most.")
    for tag in tags:
        try:
            clean_line(tag, label="A tag", longest=_LONGEST_TAG, is_required=True)
        except Invalid as error:
            raise wrong("tags", error.message) from None
