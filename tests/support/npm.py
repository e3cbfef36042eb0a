"""Programs from npm, where the front end's packages are installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

MODULES = Path(__file__).parents[2] / "mailer" / "frontend" / "node_modules"


def require_npm(*packages: str) -> None:
    """Skip the test where npm's packages are missing, saying which."""
    missing = [name for name in packages if not (MODULES / name).is_dir()]
    if shutil.which("node") is None or missing:
        pytest.skip(f"Needs Node and, from npm: {', '.join(missing or packages)} (make build installs them).")


def run_node(*command: str, cwd: Path) -> str:
    """Run a script with Node in a folder that finds the packages; return what it says.

    :raises AssertionError: it failed; the message is what it said
    """
    link = cwd / "node_modules"
    if not link.exists():
        link.symlink_to(MODULES, target_is_directory=True)
    ran = subprocess.run(
        ["node", *command], cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
