"""The spam filters themselves, where they are installed: apt install spamd rspamd."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailer.lib.spam_filters import FilterSilent, Verdict, judge
from mailer.proof.product import free_port, wait_until

HEAD = (
    "From: Ana <ana@bakery.example>\r\nTo: Sam <sam@example.com>\r\nSubject: {}\r\n"
    "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nMessage-ID: <rye@bakery.example>\r\n\r\n"
)
GOOD = f"{HEAD.format('Fresh bread on Sunday')}Hello Sam, the rye is fresh on Sunday.\r\n".encode()
#: Spam by agreement of all filters (GTUBE).
SPAM = (
    f"{HEAD.format('Hello')}XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n".encode()
)
START_SECONDS = 150.0


@pytest.mark.skipif(shutil.which("spamd") is None, reason="SpamAssassin is not installed: apt install spamd")
def test_spamassassin_tells_spam_from_a_letter(tmp_path: Path):
    port = free_port()
    spamd = ["spamd", "--local", "--nouser-config", "--max-children=1", f"--listen=127.0.0.1:{port}"]

    with running(spamd, f"spamd://127.0.0.1:{port}", tmp_path) as url:
        good, spam = judge(url, GOOD), judge(url, SPAM)

    assert_told_apart("SpamAssassin", good, spam)
    assert "GTUBE" in [rule.name for rule in spam.rules]
    assert not any("\n" in rule.words for rule in spam.rules)


@pytest.mark.skipif(shutil.which("rspamd") is None, reason="rspamd is not installed: apt install rspamd")
def test_rspamd_tells_spam_from_a_letter(tmp_path: Path):
    port = free_port()
    configuration = tmp_path / "rspamd.conf"
    # None of its lists on the internet.
    configuration.write_text(
        f'''options {{ filters = "chartable"; gtube_patterns = "all"; pidfile = "{tmp_path}/pid";
        temp_dir = "{tmp_path}"; control_socket = "{tmp_path}/socket mode=0600";
        dns {{ nameserver = ["127.0.0.1:9"]; }} }}
        logging {{ type = "file"; filename = "{tmp_path}/log"; level = "error"; }}
        worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
        actions {{ reject = 15; }}'''
    )
    rspamd = ["rspamd", "--no-fork", "--insecure", f"--config={configuration}", f"--var=DBDIR={tmp_path}"]

    with running(rspamd, f"http://127.0.0.1:{port}", tmp_path) as url:
        good, spam = judge(url, GOOD), judge(url, SPAM)

    assert_told_apart("rspamd", good, spam)


@contextmanager
def running(command: list[str], url: str, folder: Path) -> Iterator[str]:
    """Start a filter, and yield its address once it answers."""

    def answers() -> bool:
        if process.poll() is not None:
            pytest.skip(f"{command[0]} does not start here: {said.read_text(errors='replace')[-300:]}")
        try:
            judge(url, GOOD)
        except FilterSilent:
            return False
        return True

    said = folder / "said"
    with said.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder, start_new_session=True)
    try:
        wait_until(answers, START_SECONDS, lambda: said.read_text(errors="replace"))
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def assert_told_apart(name: str, good: Verdict, spam: Verdict) -> None:
    """Whether a filter found the one good and the other bad, and says by which rules."""
    assert (good.filter, good.is_spam, spam.is_spam) == (name, False, True)
    assert good.score < good.threshold <= spam.score
    assert all(rule.points for rule in spam.rules)
