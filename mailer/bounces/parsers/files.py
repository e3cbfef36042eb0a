"""Mails on disk, for the command line."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from mailer.bounces.parsers.opened import MOST_BYTES


def mails_in(paths: Iterable[Path]) -> Iterator[tuple[Path, bytes]]:
    """Yield every mail in some files and folders, as much of each as is read."""
    for path in paths:
        for file in sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]:
            with file.open("rb") as opened:
                yield file, opened.read(MOST_BYTES)
