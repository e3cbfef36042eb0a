"""Telling a shop which click led to it: a token in the address of its page, where it asked for one.

The links of a message are the same for all its readers, so that what is theirs alone is
put in when they follow one.
"""

from typing import Final

#: The name of the token in the address; ``static/shop.js`` reads it.
NAME: Final = "mailer_click"
_PLACE: Final = f"{NAME}=~"


def with_place() -> dict[str, str]:
    """Return the tag that keeps a token's place in a link."""
    return {NAME: "~"}


def with_token(url: str, token: str) -> str:
    """Return a link with a reader's token in its place, if it has one."""
    return url.replace(_PLACE, f"{NAME}={token}") if _PLACE in url else url


def without_place(url: str) -> str:
    """Return a link as its author wrote it."""
    return url.replace(f"&{_PLACE}", "").replace(f"?{_PLACE}", "") if _PLACE in url else url
