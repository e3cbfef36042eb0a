"""Who asks for the pictures and links of a made-up mail: its reader, and machines on the way to them.

The machines are those of real mail: Apple's privacy protection loads pictures that nobody
looks at, Gmail and Yahoo load them through proxies of theirs, and the gateways of companies follow
every link before they let a mail in.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID

from mailer.seeds.moments import id_at
from mailer.tracking.verdicts import Seen

#: Where readers ask from: networks of providers in the lands of the bakery's readers.
_NETWORKS: Final = {
    "en": ("81.130.0.0/24", "86.128.12.0/24", "90.192.4.0/24"),
    "pt": ("85.240.8.0/24", "188.80.16.0/24", "94.60.2.0/24"),
    "de": ("79.192.4.0/24", "91.0.12.0/24"),
    "fr": ("90.0.8.0/24", "82.64.16.0/24"),
    "es": ("80.24.2.0/24", "88.0.4.0/24"),
}
_CHROME: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
    " Safari/537.36"
)
_ANDROID: Final = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile"
    " Safari/537.36"
)
_IPHONE: Final = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
)
_MAC: Final = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
#: What people read mail with, and what links open in then.
_AGENTS: Final = (
    (f"{_IPHONE} Mobile/15E148", f"{_IPHONE} Version/18.2 Mobile/15E148 Safari/604.1"),
    (_MAC, f"{_MAC} Version/18.2 Safari/605.1.15"),
    (_CHROME, _CHROME),
    (_ANDROID, _ANDROID),
)
#: What loads the pictures for the readers of a provider, and from where.
_PROXIES: Final = {
    "gmail": (
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        "66.249.93.0/24",
    ),
    "yahoo": (
        "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
        "87.248.114.0/24",
    ),
}
_APPLE_MPP: Final = ("Mozilla/5.0", "104.28.42.0/24")
_GMAIL_PREFETCH: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135"
    " Safari/537.36 Edge/12.246 Mozilla/5.0",
    "66.249.84.0/24",
)
#: One whose maker says where it stands, and one that only its haste gives away.
_GATEWAYS: Final = ((_CHROME, "52.102.8.0/24"), (_CHROME, "34.241.16.0/24"))
_BEHIND_GATEWAY: Final = 0.3
_INTO_TRAPS: Final = 0.7
_WITH_PRIVACY: Final = {"icloud": 0.6}
_WITH_PRIVACY_ELSEWHERE: Final = 0.04
_PREFETCHED: Final = 0.06
#: How often readers follow a link.
_CLICKS: Final = 0.2


@dataclass(frozen=True)
class Mail:
    """One mail, as it lies in a mailbox.

    :param pulls: how much each of its links draws, by number
    :param trap: the number of the link that only machines see
    """

    delivery_id: UUID
    arrived_at: datetime
    pulls: Sequence[float]
    trap: int | None


@dataclass(frozen=True)
class _Program:
    """What asks, and the network that it asks from."""

    agent: str
    network: str

    def looks(self, mail: Mail, at: datetime) -> Seen:
        """Return that it loaded the pictures."""
        return Seen(id_at(at), mail.delivery_id, at, None, self.agent, self.network)

    def follows(self, mail: Mail, link: int, at: datetime) -> Seen:
        """Return that it followed a link."""
        return Seen(id_at(at), mail.delivery_id, at, link, self.agent, self.network)


@dataclass(frozen=True)
class Habits:
    """How a reader reads, and what stands before their mailbox.

    :ivar browser: what they follow links with
    :ivar viewer: what loads pictures when they look; None when that is not seen
    :ivar has_privacy: all pictures are loaded, whether or not they look
    :ivar prefetcher: loads pictures when a mail arrives
    :ivar gateway: follows every link before it lets a mail in
    """

    browser: _Program
    viewer: _Program | None
    has_privacy: bool
    prefetcher: _Program | None
    gateway: _Program | None


@cache
def habits_of(email: str, locale: str) -> Habits:
    """Return the habits that somebody has, whichever mail it is."""
    dice = random.Random(email)  # noqa: S311  - the same world each time
    provider = email.rpartition("@")[2].partition(".")[0]
    networks = _NETWORKS.get(locale.partition("-")[0], _NETWORKS["en"])
    (viewer, browser), network = dice.choice(_AGENTS), dice.choice(networks)
    has_privacy = dice.random() < _WITH_PRIVACY.get(provider, _WITH_PRIVACY_ELSEWHERE)
    loader = _PROXIES.get(provider, (viewer, network))
    is_prefetched = provider == "gmail" and dice.random() < _PREFETCHED
    is_guarded = provider == "example" and dice.random() < _BEHIND_GATEWAY
    return Habits(
        _Program(browser, network),
        None if has_privacy else _Program(*loader),
        has_privacy,
        _Program(*_GMAIL_PREFETCH) if is_prefetched else None,
        _Program(*dice.choice(_GATEWAYS)) if is_guarded else None,
    )


def by_reader(mail: Mail, habits: Habits, opened: datetime, chance: random.Random) -> Iterator[Seen]:
    """Yield what somebody does who looks at a mail: again now and then, and some follow links."""
    looked = opened
    while habits.viewer is not None:
        yield habits.viewer.looks(mail, looked)
        if chance.random() > 0.3:
            break
        looked += timedelta(hours=chance.expovariate(1 / 9))
    clicked = opened
    # Who has followed one likes to follow more.
    while chance.random() < _CLICKS * (1 if clicked is opened else 1.4):
        clicked += timedelta(seconds=chance.uniform(8, 150))
        link = chance.choices(range(len(mail.pulls)), mail.pulls)[0]
        yield habits.browser.follows(mail, link, clicked)


def by_machines(mail: Mail, habits: Habits, chance: random.Random) -> Iterator[Seen]:
    """Yield what machines do with a mail, whether or not anybody looks at it."""
    if habits.has_privacy:
        yield _Program(*_APPLE_MPP).looks(mail, mail.arrived_at + timedelta(hours=chance.expovariate(0.5)))
    if habits.prefetcher is not None:
        yield habits.prefetcher.looks(mail, mail.arrived_at + timedelta(seconds=chance.uniform(1, 4)))
    if habits.gateway is not None:
        at = mail.arrived_at + timedelta(seconds=chance.uniform(0.6, 2))
        yield habits.gateway.looks(mail, at)
        links = list(range(len(mail.pulls)))
        if mail.trap is not None and chance.random() < _INTO_TRAPS:
            links.append(mail.trap)
        for link in links:
            at += timedelta(seconds=chance.uniform(0.05, 0.4))
            yield habits.gateway.follows(mail, link, at)
