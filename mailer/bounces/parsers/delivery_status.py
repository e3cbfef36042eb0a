"""Delivery status notifications (RFC 3464), also where their parts have come apart."""

import re
from typing import Final

from mailer.bounces.parsers.failures import Failure, failure, quoted_words, stage_in
from mailer.bounces.parsers.mentions import ADDRESS, addresses_in, clean
from mailer.bounces.parsers.opened import Headers, Opened, decoded_words, read_headers

_KINDS: Final = ("message/delivery-status", "message/global-delivery-status")
_BEGINS: Final = re.compile(r"(?im)^[ \t>]*(?:final|original)-recipient[ \t]*:")
_FIELD: Final = re.compile(
    r"(?i)^(final-recipient|original-recipient|x-actual-recipient|action|status|diagnostic-code|remote-mta|"
    r"reporting-mta|last-attempt-date|will-retry-until|x-[a-z-]+|arrival-date|final-log-id)\s*:"
)
_MOST_RECIPIENTS: Final = 200


def read_delivery_status(opened: Opened, *, story: str) -> list[Failure]:
    """Return what a report says of each recipient; empty when the mail holds no report.

    :param story: what the mail says to people, where reports are too brief
    """
    failures: dict[str, Failure] = {}
    for block in _blocks(opened):
        fields = read_headers(block)
        recipient = _recipient(fields)
        if recipient and recipient.lower() not in failures and len(failures) < _MOST_RECIPIENTS:
            failures[recipient.lower()] = _read(fields, recipient, story)
    return list(failures.values())


def _blocks(opened: Opened) -> list[str]:
    """Return one text for each recipient."""
    texts = [part.text for part in opened.parts if part.kind in _KINDS and not part.is_enclosed]
    texts = [text for text in texts if _BEGINS.search(text)]
    if not texts:
        texts = [part.text for part in opened.parts if not part.is_enclosed and _BEGINS.search(part.text)]
    if not texts and _BEGINS.search(opened.body):
        texts = [opened.body]
    blocks = []
    for text in texts:
        for block in re.split(r"\n[ \t]*\n", text.replace("\r", "")):
            lines = block.split("\n")
            start = next((number for number, line in enumerate(lines) if _FIELD.match(line.strip())), None)
            if start is not None and _BEGINS.search(block):
                blocks += _each(
                    "\n".join(line.lstrip("> ") if line[:1] == ">" else line for line in lines[start:])
                )
    return blocks


def _each(block: str) -> list[str]:
    """Split a block in which recipients follow each other without an empty line."""
    starts = [found.start() for found in re.finditer(r"(?im)^final-recipient[ \t]*:", block)]
    if len(starts) < 2:
        return [block]
    # Whatever stands before the first belongs to it: some write Original-Recipient or Action there.
    return [block[begin:end] for begin, end in zip([0, *starts[1:]], [*starts[1:], len(block)], strict=True)]


def _recipient(fields: Headers) -> str:
    """Return whom we wrote to: the original recipient, where the final one is another."""
    named = [
        _address(fields.get(name)) for name in ("original-recipient", "final-recipient", "x-actual-recipient")
    ]
    first, final, _ = named
    if first.replace('"', "").lower() == final.replace('"', "").lower():
        return final
    return next((address for address in named if address), "")


def _address(value: str) -> str:
    kind, found, rest = value.partition(";")
    match = ADDRESS.search(decoded_words(_plain(rest) if found else kind))
    return clean(match[0]) if match else ""


#: A character as an ASCII report writes it; half a surrogate pair is none.
_CHARACTER: Final = re.compile(r"\\x\{(?![Dd][89A-Fa-f])([0-9A-Fa-f]{1,5})\}")


def _plain(address: str) -> str:
    """Return an internationalised address as it is written in a mail (RFC 6533 3: ``\\x{1F408}``)."""
    return _CHARACTER.sub(lambda found: chr(int(found[1], 16)), address)


def _read(fields: Headers, recipient: str, story: str) -> Failure:
    action = fields.get("action").strip().lower()
    status_field = re.search(r"[245]\.\d{1,3}\.\d{1,3}", fields.get("status"))
    status = status_field[0] if status_field else ""
    words = fields.words("diagnostic-code")
    words = re.sub(r"(?i)^\s*[a-z0-9-]{1,20}\s*;\s*", "", words)
    told = _told_of(recipient, story)
    if not _says_something(words):
        words = " ".join(filter(None, (words, quoted_words(told))))
    # PowerMTA sums up what it was told: “bad-mailbox”, “quota-issues”, “spam-related” …
    category = fields.get("x-powermta-bouncecategory")
    if category:
        words = f"{words} ({category})"
    is_delivered = action.startswith(("delivered", "relayed", "expanded")) or (
        not action and status[:1] == "2"
    )
    stage_words = f"{told}\n{words}" if told else words
    return failure(
        recipient,
        words,
        more=told,
        status=status,
        is_delayed=action.startswith("delayed"),
        is_delivered=is_delivered,
        stage=stage_in(stage_words),
    )


def _says_something(words: str) -> bool:
    """Whether a diagnostic has words, not only codes and addresses."""
    return len(re.findall(r"[^\W\d_]{3,}", ADDRESS.sub("", words))) >= 2


def _told_of(recipient: str, story: str) -> str:
    """Return what the story says about one recipient, or all of it when it names nobody else."""
    at = story.lower().find(recipient.lower())
    others = [address for address in addresses_in(story) if address.lower() != recipient.lower()]
    if at < 0 or not others:
        return story[:2_000]
    begin = story.rfind("\n", 0, at) + 1
    told = story[begin : at + 1_000]
    # The next recipient stands at the beginning of a line, as this one does.
    following = next(
        (
            found.start()
            for found in _LISTED.finditer(told, at - begin + len(recipient))
            if clean(found["address"]).lower() != recipient.lower()
        ),
        len(told),
    )
    return story[max(0, begin - 120) : begin] + told[:following]


_LISTED: Final = re.compile(rf"(?m)^[ \t]*<?(?P<address>{ADDRESS.pattern})>?(?=[ \t]*(?::|$|\())")
