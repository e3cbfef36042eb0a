"""Families of mail clients: what to call them, how many read with each, what each supports."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

#: Shown in this order. The two of Gmail differ: its app drops ``<style>`` for accounts of other providers.
FAMILIES: Final[Mapping[str, str]] = {
    "apple-mail": "Apple Mail",
    "gmail": "Gmail",
    "gmail-other": "Gmail app with another provider’s account",
    "outlook-windows": "Outlook for Windows",
    "outlook-web": "Outlook on the web",
    "outlook-mobile": "Outlook on phones",
    "outlook-mac": "Outlook for Mac",
    "yahoo": "Yahoo and AOL",
    "samsung": "Samsung Email",
    "thunderbird": "Thunderbird",
    "proton": "Proton Mail",
    "gmx": "GMX and WEB.DE",
}

#: Shares of opens as the big senders publish them, rounded; Apple's part is inflated by its
#: own prefetching. They only weigh findings until an audience's own opens say better.
USUAL_MIX: Final[Mapping[str, float]] = {
    "apple-mail": 0.48,
    "gmail": 0.26,
    "gmail-other": 0.02,
    "outlook-windows": 0.05,
    "outlook-web": 0.03,
    "outlook-mobile": 0.02,
    "outlook-mac": 0.01,
    "yahoo": 0.05,
    "samsung": 0.02,
    "thunderbird": 0.02,
    "proton": 0.01,
    "gmx": 0.03,
}
#: Below, the shares of an audience say nothing.
_ENOUGH_OPENS: Final = 200

#: By what the pixel is fetched with. Apple's privacy proxy says no more than “Mozilla/5.0”.
_AGENTS: Final = (
    (re.compile(r"GoogleImageProxy|Gmail", re.IGNORECASE), "gmail"),
    (re.compile(r"YahooMailProxy|AOL", re.IGNORECASE), "yahoo"),
    (re.compile(r"Outlook-iOS|Outlook-Android|OutlookMobile", re.IGNORECASE), "outlook-mobile"),
    (re.compile(r"MacOutlook", re.IGNORECASE), "outlook-mac"),
    (re.compile(r"Microsoft Outlook|MSOffice|ms-office", re.IGNORECASE), "outlook-windows"),
    (re.compile(r"Thunderbird|Betterbird", re.IGNORECASE), "thunderbird"),
    (re.compile(r"SamsungEmail|SamsungBrowser", re.IGNORECASE), "samsung"),
    (re.compile(r"ProtonMail", re.IGNORECASE), "proton"),
    (re.compile(r"GMX|WEB\.DE", re.IGNORECASE), "gmx"),
    (re.compile(r"^Mozilla/5\.0$|AppleWebKit(?!.*(?:Safari|Chrome))|iPhone|iPad"), "apple-mail"),
)
#: What lives in a style sheet, and goes with it.
_IN_STYLE_SHEETS: Final = ("css-at-", "css-pseudo-", "css-nesting")


@cache
def support() -> Mapping[str, Mapping[str, str]]:
    """Return which family lacks a feature (``n``) or knows only a part of it (``a``), by feature."""
    path = Path(__file__).with_name("support.json")
    table: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    for slug, lacking in table.items():
        inherited = lacking.get("gmail", "y")
        lacking["gmail-other"] = "n" if slug.startswith(_IN_STYLE_SHEETS) else inherited
    return table


def without(slug: str) -> list[str]:
    """Return the families that lack a feature."""
    lacking = support().get(slug, {})
    return [family for family in FAMILIES if lacking.get(family) == "n"]


def family_of(user_agent: str) -> str | None:
    """Return the family that fetched a pixel; none when its user agent does not tell."""
    return next((family for pattern, family in _AGENTS if pattern.search(user_agent)), None)


def mix_of(opens: Iterable[tuple[str, int]]) -> Mapping[str, float] | None:
    """Return the share of each family among an audience's opens.

    :param opens: user agents, and how often each opened
    :return: shares that add up to 1; none when too few opens tell their family
    """
    counts: dict[str, int] = {}
    for user_agent, count in opens:
        if family := family_of(user_agent):
            counts[family] = counts.get(family, 0) + count
    total = sum(counts.values())
    if total < _ENOUGH_OPENS:
        return None
    return {family: count / total for family, count in counts.items()}
