"""Mails on disk, for the command line: files, folders, Maildirs, mbox files, also packed by gzip."""

import gzip
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from mailer.bounces.parsers.opened import MOST_BYTES

#: How a mail begins in an mbox file (RFC 4155); sentences begin with “From” as well, but with no time.
_POSTMARK: Final = re.compile(rb"From \S.{0,200}\d:\d\d.{0,40}\b\d{4}\b")
_LONGEST_LINE: Final = 65_536
_STANDARD_INPUT: Final = Path("-")


def mails_in(paths: Iterable[Path]) -> Iterator[tuple[Path, bytes]]:
    """Yield every mail in some files and folders, as much of each as is read.

    :param paths: “-” is the standard input
    :raises OSError: a file cannot be read
    """
    for path in paths:
        for file in _files_in(path):
            with _opened(file) as stream:
                for mail in _mails_of(stream):
                    yield file, mail


def _files_in(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(each for each in path.rglob("*") if each.is_file())


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if file == _STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    with file.open("rb") as stream:
        is_packed = stream.read(2) == b"\x1f\x8b" if stream.seekable() else False
        if stream.seekable():
            stream.seek(0)
        yield gzip.GzipFile(fileobj=stream) if is_packed else stream  # type: ignore[misc]


def _mails_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the mails of one file: one, or those between an mbox file's postmarks."""
    mail = bytearray()
    is_mbox, is_after_blank = False, True
    try:
        for line in iter(lambda: stream.readline(_LONGEST_LINE), b""):
            is_postmark = is_after_blank and _POSTMARK.match(line) is not None
            if is_postmark and is_mbox:
                yield bytes(mail)
                mail.clear()
            elif not mail:
                is_mbox = is_postmark
            is_after_blank = not line.strip(b"\r\n")
            mail += line[: MOST_BYTES - len(mail)]
            if len(mail) >= MOST_BYTES and not is_mbox:
                break
    except (EOFError, zlib.error, gzip.BadGzipFile):
        pass  # packed badly: what could be read of it is a mail like any other
    yield bytes(mail)
