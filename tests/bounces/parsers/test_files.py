"""Mails on disk: one a file, many in an mbox, packed."""

import gzip
from pathlib import Path

from mailer.bounces.parsers.files import mails_in

ONE = b"From: ana@example.com\nSubject: One\n\nFrom here on it is 2026, and I like it.\n"
TWO = b"From: ben@example.com\nSubject: Two\n\nBye.\n"
POSTMARK = b"From MAILER-DAEMON Thu Apr 29 23:34:45 2026\n"


def test_a_file_is_a_mail_and_an_mbox_is_many(tmp_path: Path):
    (tmp_path / "1.eml").write_bytes(ONE)
    (tmp_path / "2.mbox").write_bytes(POSTMARK + ONE + b"\n" + POSTMARK + TWO)
    (tmp_path / "3.eml.gz").write_bytes(gzip.compress(TWO))

    found = [(path.name, raw.count(b"Subject:")) for path, raw in mails_in([tmp_path])]

    assert found == [("1.eml", 1), ("2.mbox", 1), ("2.mbox", 1), ("3.eml.gz", 1)]


def test_what_is_packed_badly_or_empty_is_read_as_far_as_it_goes(tmp_path: Path):
    (tmp_path / "cut.gz").write_bytes(gzip.compress(ONE * 100)[:60])
    (tmp_path / "empty").write_bytes(b"")

    assert len(list(mails_in([tmp_path]))) == 2
