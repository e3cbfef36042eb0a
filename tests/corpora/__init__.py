"""What the parsers and classifiers make of data that nobody here wrote.

The data is not part of this repository: it lies beside it in ``shared/corpora``, or where
``MAILER_CORPORA`` says. ``make corpora`` prints the figures; the suite asserts them.
"""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("MAILER_CORPORA") or Path(__file__).parents[3] / "shared" / "corpora")


def corpus(name: str) -> Path:
    """Return a corpus's folder or file, or skip the test that needs it."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"There is no {path}; MAILER_CORPORA names another folder.")
    return path
