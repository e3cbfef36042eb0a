"""Postfix's two tools for measuring: ``smtp-sink`` takes mail and drops it, ``smtp-source`` makes it.

Both are small C programs that do nothing else, so that they are the bar.
"""

import os
import shutil
import smtplib
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from mailer.errors import Conflict, NotFound
from mailer.runtime.ports import is_open

HOST: Final = "127.0.0.1"
SESSIONS: Final = 10
#: What smtp-source sends around ``-l`` bytes: its headers and the commands.
_AROUND: Final = 190
_START_SECONDS: Final = 10.0


class NoPostfix(NotFound):
    """The tools are not on this machine."""


class SinkMiscounted(Conflict):
    """The sink did not take exactly what was sent."""


def tool(name: str) -> str:
    """Return the path of one of the tools.

    :raises NoPostfix: saying how to install them
    """
    # They are for administrators: often not on a user's path.
    found = shutil.which(name, path=f"{os.defpath}:/usr/sbin:/sbin:/usr/libexec/postfix")
    if found is None:
        raise NoPostfix(
            f"{name} is not installed. It comes with Postfix, whose server need not run: "
            "apt install --no-install-recommends postfix"
        )
    return found


@dataclass
class SmtpSink:
    """One that runs, and ends by itself should it get two messages more than it expects."""

    port: int
    expects: int
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def require_all(self) -> None:
        """Check that it took what it expects, no more and no less; it is gone afterwards.

        Its own running count costs a third of its speed. It can end by itself after
        a number of messages instead, so it is told one more than it should get: one
        more message then ends it if, and only if, none is missing.

        :raises SinkMiscounted: with what happened
        """
        if self.process.poll() is not None:
            raise SinkMiscounted(f"The sink got more than {self.expects:,} messages.")
        try:
            with smtplib.SMTP(HOST, self.port) as client:
                client.sendmail("one@example.com", "more@example.com", "Subject: one more\r\n\r\n")
        except (smtplib.SMTPException, OSError):
            # It ends without a word.
            pass
        try:
            self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            raise SinkMiscounted(f"The sink got less than {self.expects:,} messages.") from None


@contextmanager
def smtp_sink(port: int, *, expects: int) -> Iterator[SmtpSink]:
    """Run smtp-sink for the length of the block."""
    command = [tool("smtp-sink"), "-M", str(expects + 1)]
    if os.geteuid() == 0:
        command += ["-u", "nobody"]
    process = subprocess.Popen([*command, f"{HOST}:{port}", "1000"], start_new_session=True)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not is_open(HOST, port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise NoPostfix(f"smtp-sink does not listen on port {port}.")
            time.sleep(0.02)
        yield SmtpSink(port, expects, process)
    finally:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class Sent:
    """What smtp-source took."""

    messages: int
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        """CPU time for each message."""
        return self.cpu_seconds / self.messages * 1e6


def smtp_source(port: int, *, messages: int, wire_bytes: int) -> Sent:
    """Send one constant message many times, over connections that stay open.

    :param wire_bytes: what each takes on the wire, envelope and headers and all
    """
    command = [tool("smtp-source"), "-d", "-s", str(SESSIONS), "-l", str(max(wire_bytes - _AROUND, 80))]
    command += ["-m", str(messages), "-f", "ana@example.com", "-t", "reader@example.com", f"{HOST}:{port}"]
    began = time.monotonic()
    process = subprocess.Popen(command, start_new_session=True)
    try:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        if process.returncode is None:
            process.kill()
            process.wait()
    seconds = time.monotonic() - began
    if process.returncode != 0:
        raise SinkMiscounted(f"smtp-source ended with status {process.returncode}.")
    return Sent(messages, seconds, usage.ru_utime + usage.ru_stime)
