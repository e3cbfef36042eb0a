"""Nothing outlives the supervisor: not even what cannot stop in order."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from mailer.proof.processes import lives

#: A child that does not listen, and a parent that dies at once.
FAMILY = """
import os, pathlib, signal, sys, time
from mailer.runtime.children import start_fork
def work():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
    time.sleep(600)
start_fork(work, stop_seconds=0.1)
while not (pathlib.Path(sys.argv[1]).exists() and pathlib.Path(sys.argv[1]).read_text()):
    time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_an_orphan_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    subprocess.run([sys.executable, "-c", FAMILY, str(told)], check=False, env=os.environ)
    child = int(told.read_text())

    deadline = time.monotonic() + 60
    while lives(child) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert not lives(child)


def test_a_parent_that_is_gone_already_is_noticed() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    orphan = (
        "import time; from mailer.runtime.parent import end_with_parent;"
        f"end_with_parent({gone.pid}, stop_seconds=60); time.sleep(600)"
    )

    ended = subprocess.run([sys.executable, "-c", orphan], check=False, timeout=60)

    assert ended.returncode == -signal.SIGTERM
