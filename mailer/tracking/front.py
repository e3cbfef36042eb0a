"""The door for clicks and opens: a thin WSGI layer in front of everything else.

It asks neither Flask nor, once a message's links are known, the database: the two
most frequent requests of all stay fast, and a reader gets where they want to go
whatever is broken here.
"""

import logging
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

from werkzeug.urls import iri_to_uri

from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7
from mailer.lib.landing import with_token
from mailer.lib.links import ClickToken, DeliveryToken, Links
from mailer.lib.networks import forwarded_for, network_of
from mailer.tracking.known_links import KnownLinks
from mailer.tracking.spool import Event, Spool

log = logging.getLogger(__name__)

StartResponse = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

#: A transparent pixel, the smallest GIF there is.
_PIXEL: Final = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
_NEVER_STORED: Final = [
    ("Cache-Control", "no-store, max-age=0"),
    ("X-Robots-Tag", "noindex, nofollow"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
]


class Front:
    """Answers ``/c/<token>`` and ``/o/<token>.gif``, and hands everything else on."""

    def __init__(
        self, app: Wsgi, *, links: Links, known: KnownLinks, spool: Spool, trusted_proxies: int = 0
    ) -> None:
        self._app, self._links, self._known, self._spool = app, links, known, spool
        self._trusted_proxies = trusted_proxies

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        path = environ.get("PATH_INFO", "")
        if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return self._app(environ, start_response)
        if path.startswith("/c/"):
            return self._click(path[3:], environ, start_response)
        if path.startswith("/o/") and path.endswith(".gif"):
            return self._open(path[3:-4], environ, start_response)
        return self._app(environ, start_response)

    def _open(self, token: str, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        opened = self._links.read_open(token)
        if opened is not None:
            self._note(opened, None, environ)
        # Always the picture: a broken one in somebody's mail helps nobody.
        return _answer("200 OK", "image/gif", _PIXEL, environ, start_response)

    def _click(self, token: str, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        clicked = self._links.read_click(token)
        if clicked is None:
            return _sorry("404 Not Found", "This link is not complete.", environ, start_response)
        try:
            links = self._known.of(clicked.message_id)
        except Exception:
            log.exception("The links of message %s cannot be read.", clicked.message_id)
            words = "This link cannot be opened just now. Please try again in a minute."
            return _sorry("503 Service Unavailable", words, environ, start_response)
        number = clicked.link_number
        if links is None or number >= len(links) or not links[number].startswith(("http://", "https://")):
            return _sorry("404 Not Found", "This link leads nowhere any more.", environ, start_response)
        self._note(clicked, number, environ)
        # From the row, never from the request: nobody can make us redirect elsewhere.
        location = [("Location", with_token(_location(links[number]), token))]
        return _answer("302 Found", "text/plain", b"", environ, start_response, location)

    def _note(self, mail: DeliveryToken | ClickToken, number: int | None, environ: dict[str, Any]) -> None:
        """Spool an event; HEAD is a machine that looks where a link leads, and no event."""
        if environ["REQUEST_METHOD"] == "HEAD":
            return
        address = forwarded_for(
            environ.get("HTTP_X_FORWARDED_FOR", ""), environ.get("REMOTE_ADDR", ""), self._trusted_proxies
        )
        event = Event(
            uuid7(),
            mail.message_id,
            mail.delivery_id,
            utcnow(),
            number,
            _user_agent(environ.get("HTTP_USER_AGENT", "")),
            network_of(address),
        )
        try:
            self._spool.append(event)
        except OSError:
            log.exception("An event could not be kept.")


# A campaign's readers share a few hundred programs, and its mails a few links.
@lru_cache(maxsize=10_000)
def _user_agent(header: str) -> str:
    text = header.encode("latin-1", "replace").decode("utf-8", "replace")
    return "".join(character for character in text if character.isprintable())


_location = lru_cache(maxsize=10_000)(iri_to_uri)


def _sorry(
    status: str, words: str, environ: dict[str, Any], start_response: StartResponse
) -> Iterable[bytes]:
    return _answer(status, "text/plain; charset=utf-8", words.encode() + b"\n", environ, start_response)


def _answer(
    status: str,
    kind: str,
    body: bytes,
    environ: dict[str, Any],
    start_response: StartResponse,
    headers: Iterable[tuple[str, str]] = (),
) -> Iterable[bytes]:
    start_response(
        status,
        [("Content-Type", kind), ("Content-Length", str(len(body))), *_NEVER_STORED, *headers],
    )
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
