"""Comparing what was written with what somebody once read and found good."""

from pathlib import Path

import pytest


def compare(path: Path, actual: str) -> None:
    """Fail where a golden file says something else; write one that is missing, to be read and committed."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(actual, encoding="utf-8")
        pytest.fail(f"{path} was missing and is written now: read it, and commit it when it is good.")
    assert actual == path.read_text(encoding="utf-8"), f"{path} says something else"
