"""Merge tags that nobody filled in: those of other products, and half-written ones."""

import re
from collections.abc import Iterator
from typing import Final

from mailer.rendering.checks.findings import Finding, Severity, Where
from mailer.rendering.checks.mail import Mail, shortened
from mailer.rendering.checks.mends import Mend, Replace

_NAME: Final = "{{ subscriber.name | default('there') }}"
_EMAIL: Final = "{{ subscriber.email }}"
_LEAVE: Final = "{{ unsubscribe_url }}"

#: How Mailchimp, Brevo, Campaign Monitor, Salesforce, Customer.io, ERB, Mailgun and others write theirs.
_FOREIGN: Final = re.compile(
    r"\*\|[A-Z][\w:.|-]*\|\*"
    r"|%%[A-Za-z_][\w.-]*%%"
    r"|%[A-Z][A-Z_]{2,}%"
    r"|%recipient\.\w+%"
    r"|\{\$[\w.]+\}"
    r"|\$\{[\w.]+\}"
    r"|<%=?[^%]{1,80}%>"
    r"|\[%[^%]{1,80}%\]"
    r"|\[(?:first[ _]?name|last[ _]?name|name|email|unsubscribe)(?:,[^\]]{0,40})?\]"
    r"|<unsubscribe>|\[\[[\w .-]{1,60}\]\]",
    re.IGNORECASE,
)
_OURS: Final = re.compile(r"\{\{[^{}]{0,80}\}\}|\{%[^{}]{0,80}%\}")
#: What one of theirs means in our language, by a word in it, and what the button says that writes it.
_MEANINGS: Final = (
    (re.compile(r"unsub|leave", re.IGNORECASE), _LEAVE, "Use our link to unsubscribe"),
    (
        re.compile(r"f_?name|first|l_?name|last|fullname|\bname", re.IGNORECASE),
        _NAME,
        "Use the reader’s name",
    ),
    (re.compile(r"e-?mail", re.IGNORECASE), _EMAIL, "Use the reader’s address"),
    (re.compile(r"archive|browser|view", re.IGNORECASE), "{{ view_url }}", "Use our link to the browser"),
)


def look(mail: Mail) -> Iterator[Finding]:
    """Yield each tag that readers would see as it is written."""
    seen: set[tuple[str, str]] = set()
    for part, text in (
        ("subject", mail.subject),
        ("preheader", mail.preheader),
        ("body", _shown(mail)),
        ("text", mail.text),
    ):
        found = [*_FOREIGN.finditer(text), *_OURS.finditer(text)]
        if part == "body":
            found += _FOREIGN.finditer(mail.markdown)
        for match in found:
            tag = match[0]
            # What stands in the generated text part is mended in the body.
            if (part, tag) in seen or (part == "text" and ("body", tag) in seen):
                continue
            seen.add((part, tag))
            yield Finding(
                "tags.unresolved",
                Severity.ERROR,
                f"“{shortened(tag, 50)}” stands in the {_PARTS[part]} as it is written.",
                "It is no merge tag of Mailer’s, or only half of one, so every reader sees it.",
                Where(part, block=_block(mail, tag) if part == "body" else "", quote=tag),
                _mend(part, tag),
            )


_PARTS: Final = {"subject": "subject", "preheader": "preheader", "body": "mail", "text": "text part"}


def _shown(mail: Mail) -> str:
    """Return the words and addresses that a reader meets; not the CSS, where braces are at home."""
    addresses = [
        value
        for element in mail.elements
        for name in ("href", "src", "alt", "title")
        if (value := element.get(name)) and value not in mail.own_links and not value.startswith("data:")
    ]
    return "\n".join([mail.words, *addresses])


def _block(mail: Mail, tag: str) -> str:
    for element in mail.elements:
        texts = [element.text, element.get("href"), *(child.tail for child in element)]
        if any(text and tag in text for text in texts):
            return mail.where(element).block
    return ""


def _mend(part: str, tag: str) -> Mend | None:
    if _OURS.fullmatch(tag):
        return None
    found = ((ours, label) for pattern, ours, label in _MEANINGS if pattern.search(tag))
    return next((Mend(label, (Replace(part, tag, ours),)) for ours, label in found), None)
