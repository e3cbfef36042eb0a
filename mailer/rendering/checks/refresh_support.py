"""Makes ``support.json`` anew: ``python -m mailer.rendering.checks.refresh_support CHECKOUT``, of caniemail.

Of 300 features × 40 clients × their versions, what we keep is the newest result of each
client, brought together by family, for the features that :mod:`features` finds. The
data are caniemail's (Rémi Parmentier and contributors, MIT; ``support.LICENSE``).
"""

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

from mailer.rendering.checks.features import FEATURES

#: By family: the clients and platforms whose worst result speaks for it.
_CLIENTS: Final = {
    "apple-mail": (("apple-mail", "ios"), ("apple-mail", "macos")),
    "gmail": (("gmail", "desktop-webmail"), ("gmail", "ios"), ("gmail", "android")),
    "outlook-windows": (("outlook", "windows"),),
    "outlook-web": (("outlook", "outlook-com"),),
    "outlook-mobile": (("outlook", "ios"), ("outlook", "android")),
    "outlook-mac": (("outlook", "macos"),),
    "yahoo": (
        ("yahoo", "desktop-webmail"),
        ("yahoo", "ios"),
        ("yahoo", "android"),
        ("aol", "desktop-webmail"),
    ),
    "samsung": (("samsung-email", "android"),),
    "thunderbird": (("thunderbird", "macos"),),
    "proton": (("protonmail", "desktop-webmail"), ("protonmail", "ios"), ("protonmail", "android")),
    "gmx": (("gmx", "desktop-webmail"), ("web-de", "desktop-webmail"), ("ionos-1and1", "desktop-webmail")),
}
_WORST_FIRST: Final = "na?y"
OUT: Final = Path(__file__).with_name("support.json")


def main(checkout: Path) -> None:
    """Write the table."""
    table = {slug: _feature(checkout / "features" / f"{slug}.md") for slug in sorted(FEATURES)}
    lines = ",\n".join(f"{json.dumps(slug)}: {json.dumps(entry)}" for slug, entry in table.items())
    OUT.write_text("{\n" + lines + "\n}\n", encoding="utf-8")


def _feature(path: Path) -> dict[str, Any]:
    source = path.read_text(encoding="utf-8")
    stats = _block(source, "stats")
    return {
        family: worst
        for family, clients in _CLIENTS.items()
        if (worst := _worst(_newest(stats.get(client, {}).get(platform, {})) for client, platform in clients))
        not in {"", "y"}
    }


def _block(source: str, name: str) -> dict[str, Any]:
    found = re.search(rf"^{name}:\s*(\{{.*?^\}})", source, re.MULTILINE | re.DOTALL)
    if found is None:
        return {}
    # YAML's flow style, near enough to JSON: names without quotes, commas before the end.
    text = re.sub(r"^(\s*)([a-z0-9-]+):", r'\1"\2":', found[1].replace("\t", " "), flags=re.MULTILINE)
    block: dict[str, Any] = json.loads(re.sub(r",(\s*\})", r"\1", text))
    return block


def _newest(results: dict[str, str]) -> str:
    """Return ``y``, ``n``, ``a`` (almost) of the last version tested; nothing when it is unknown."""
    letter = next(reversed(results.values()), "u").strip()[:1]
    return "" if letter == "u" else letter


def _worst(letters: Any) -> str:
    return min(filter(None, letters), key=_WORST_FIRST.index, default="")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
