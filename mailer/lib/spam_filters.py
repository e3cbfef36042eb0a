"""Asking a spam filter that whoever runs the server configured: SpamAssassin's spamd, or rspamd.

Both say by rule what they think of a message. They run beside Mailer, so that asking
them needs none of the care that an address typed by a marketer does.
"""

import http.client
import json
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from mailer.errors import Invalid

_PORTS: Final = {"spamd": 783, "http": 11333, "https": 443}
_MOST_BYTES: Final = 1_000_000
_SCORE: Final = re.compile(rb"^Spam:\s*\S+\s*;\s*(-?[\d.]+)\s*/\s*(-?[\d.]+)", re.MULTILINE | re.IGNORECASE)
#: Its words go on below, further in than any rule begins.
_RULE: Final = re.compile(
    r"^\s*\*?\s*(-?\d+(?:\.\d+)?)\s+([A-Z][A-Z0-9_]{2,})[ \t]+(.*(?:\n[ \t]{20,}\S.*)*)$", re.MULTILINE
)


class FilterSilent(Invalid):
    """The filter did not answer as it should."""


@dataclass(frozen=True)
class Rule:
    """A rule that a message met, with its points; below zero they speak for it."""

    name: str
    points: float
    words: str = ""


@dataclass(frozen=True)
class Verdict:
    """What a filter thinks of a message.

    :param threshold: from which score on it is spam
    :param rules: the weightiest first
    """

    filter: str
    score: float
    threshold: float
    rules: tuple[Rule, ...]

    @property
    def is_spam(self) -> bool:
        """Whether it would be filtered."""
        return self.score >= self.threshold


def judge(url: str, message: bytes, *, seconds: float = 8.0) -> Verdict:
    """Return what a filter thinks of a message.

    :param url: ``spamd://host[:783]`` or ``http://host[:11333]`` (rspamd)
    :raises FilterSilent: it does not answer, or not as it should
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port or _PORTS.get(parts.scheme, 0)
    try:
        if parts.scheme == "spamd":
            return _of_spamd(host, port, message, seconds)
        return _of_rspamd(parts.scheme, host, port, message, seconds)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FilterSilent(f"The spam filter at {host}:{port} did not answer: {error}.") from None


def _of_spamd(host: str, port: int, message: bytes, seconds: float) -> Verdict:
    """Speak spamd's protocol, version 1.5 (SpamAssassin, spamd/PROTOCOL)."""
    with socket.create_connection((host, port), seconds) as connection:
        connection.sendall(b"REPORT SPAMC/1.5\r\nContent-length: %d\r\n\r\n%b" % (len(message), message))
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while len(answer) < _MOST_BYTES and (piece := connection.recv(65_536)):
            answer += piece
    head, _, report = answer.partition(b"\r\n\r\n")
    found = _SCORE.search(head)
    if not head.startswith(b"SPAMD/") or found is None:
        raise ValueError("it does not speak spamd’s protocol")
    rules = (
        Rule(name, float(points), " ".join(words.split()))
        for points, name, words in _RULE.findall(report.decode("utf-8", "replace"))
    )
    return Verdict("SpamAssassin", float(found[1]), float(found[2]), _weightiest(rules))


def _of_rspamd(scheme: str, host: str, port: int, message: bytes, seconds: float) -> Verdict:
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(host, port, timeout=seconds)
    try:
        connection.request("POST", "/checkv2", message)
        said = json.loads(connection.getresponse().read(_MOST_BYTES))
    finally:
        connection.close()
    rules = (
        Rule(str(name), float(one.get("score", 0)), str(one.get("description") or ""))
        for name, one in said["symbols"].items()
    )
    return Verdict("rspamd", float(said["score"]), float(said["required_score"]), _weightiest(rules))


def _weightiest(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the rules that count, the weightiest first; some only remark on how a message came."""
    return tuple(sorted((rule for rule in rules if rule.points), key=lambda rule: -rule.points))
