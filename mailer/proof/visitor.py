"""Somebody who is signed in and asks for pages, one after the other, while a clock runs."""

import http.cookiejar
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from mailer.errors import Conflict


@dataclass(frozen=True)
class Timed:
    """How long a page took, in milliseconds, sorted."""

    path: str
    taken: list[float]

    @property
    def median(self) -> float:
        """The one in the middle."""
        return self.taken[len(self.taken) // 2]

    @property
    def p95(self) -> float:
        """What 95 of 100 stay within."""
        return self.taken[max(int(len(self.taken) * 0.95) - 1, 0)]


class Visitor:
    """A browser's cookies, without the browser.

    :raises Conflict: signing in failed
    """

    def __init__(self, base_url: str, *, email: str, password: str) -> None:
        self._base_url = base_url
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )
        form = self._opener.open(f"{base_url}/login").read().decode()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
        fields = {"csrf_token": token[1] if token else "", "email": email, "password": password}
        answer = self._opener.open(f"{base_url}/login", urllib.parse.urlencode(fields).encode())
        if "/login" in answer.geturl():
            raise Conflict("Signing in failed.")

    def time(self, path: str, *, times: int, until_first_byte: bool = False) -> Timed:
        """Ask for a page again and again."""
        measure: Callable[[str], float] = self._first_byte if until_first_byte else self._whole
        return Timed(path, sorted(measure(path) for _ in range(times)))

    def _whole(self, path: str) -> float:
        begun = time.perf_counter()
        with self._opener.open(self._base_url + path) as answer:
            answer.read()
        return (time.perf_counter() - begun) * 1000

    def _first_byte(self, path: str) -> float:
        begun = time.perf_counter()
        with self._opener.open(self._base_url + path) as answer:
            answer.read(1)
            return (time.perf_counter() - begun) * 1000
