"""What the composer does to a design, tested in its own language."""

import shutil
import subprocess
from pathlib import Path

import pytest

NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="There is no Node on this machine.")
def test_the_operations_on_a_design():
    ran = subprocess.run(
        [str(NODE), "--test", str(Path(__file__).with_name("document.test.mjs"))],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )

    assert ran.returncode == 0, ran.stdout
