"""Designs of our own to begin from."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from mailer.errors import NotFound
from mailer.rendering.blocks.document import Document
from mailer.rendering.blocks.read import read

_FOLDER: Final = Path(__file__).parent / "gallery"


@dataclass(frozen=True)
class Entry:
    """A design of the gallery.

    :param key: the name of its file
    :param purpose: what it is good for, in a few words
    """

    key: str
    name: str
    purpose: str


#: In the order in which they are shown; the first is what a new campaign begins from.
GALLERY: Final = (
    Entry("newsletter", "Newsletter", "A picture, one story, two more"),
    Entry("letter", "Letter", "Words from one person to another"),
    Entry("announcement", "Announcement", "One piece of news, seen at once"),
    Entry("digest", "Digest", "Five links and a sentence about each"),
    Entry("event", "Event", "An invitation with day, place and programme"),
    Entry("sale", "Sale", "A code, a deadline, two offers"),
    Entry("welcome", "Welcome", "The first mail after signing up"),
    Entry("receipt", "Receipt", "What was bought, and where it goes"),
)


@lru_cache(maxsize=len(GALLERY))
def gallery_design(key: str) -> Document:
    """Return a design of the gallery.

    :raises NotFound: there is none of this name
    """
    if key not in {entry.key for entry in GALLERY}:
        raise NotFound("There is no such design in the gallery.")
    return read((_FOLDER / f"{key}.json").read_text(encoding="utf-8"))
