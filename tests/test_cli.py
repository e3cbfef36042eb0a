"""The command line for programs, run as they run it."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from mailer.lib.ids import public_id

ROOT = Path(__file__).parent.parent


@pytest.fixture
def mailer(tmp_path):
    """Run a command over a data directory of its own and return what it printed."""

    def run(*arguments: str, expect: int = 0) -> str:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MAILER_")},
            "MAILER_DATA_DIR": str(tmp_path),
            "PYTHONPATH": str(ROOT),
        }
        done = subprocess.run(
            [sys.executable, "-m", "mailer.cli", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )
        assert done.returncode == expect, done.stderr
        return (done.stdout if expect == 0 else done.stderr).strip()

    return run


def test_a_program_sets_up_seeds_and_reads_a_report(mailer, tmp_path):
    slug = mailer(
        *("owner", "create", "--email", "ana@example.com", "--password", "a long pass phrase"),
        *("--workspace", "Ana’s Bakery"),
    )
    secret = mailer("key", "create", "--workspace", slug, "--name", "Shop", "--scope", "all")
    listed = mailer("seed", "--workspace", slug, "--list", "Weekly", "--subscribers", "50")
    demo = mailer("demo", "plant", "--owner", "ana@example.com")
    refused = mailer("campaign", "report", "cmp_1", "--json", expect=2)

    assert slug == "anas-bakery"
    assert secret.startswith("mlr_")
    assert listed.startswith("lst_")
    assert refused == "There is no campaign cmp_1."
    figures = json.loads(mailer("campaign", "report", _first_campaign(tmp_path), "--json"))
    states = ("accepted", "rejected", "skipped", "held", "in_doubt", "waiting")
    assert figures["audience"] == sum(figures[state] for state in states) > 1_000
    assert figures["status"] == "finished"
    assert mailer("demo", "remove", "--workspace", demo) == ""
    assert "There is no workspace" in mailer("demo", "remove", "--workspace", demo, expect=2)


def _first_campaign(data_dir: Path) -> str:
    with closing(sqlite3.connect(data_dir / "mailer.sqlite")) as database:
        (identifier,) = database.execute("SELECT id FROM campaigns ORDER BY id").fetchone()
    return public_id("cmp", UUID(bytes=identifier))


def test_a_workspace_s_share_is_said_and_changed(mailer):
    mailer(
        *("owner", "create", "--email", "ana@example.com", "--password", "a long pass phrase"),
        *("--workspace", "Bakery"),
    )

    assert mailer("share", "--workspace", "Bakery") == "100"
    assert mailer("share", "--workspace", "Bakery", "--weight", "300") == "300"
    assert mailer("share", "--workspace", "Bakery") == "300"
    assert "Cheese" in mailer("share", "--workspace", "Cheese", expect=2)


def test_preflight_looks_at_a_file_and_says_by_its_exit_whether_it_can_be_sent(mailer, tmp_path):
    good, bad = tmp_path / "good.md", tmp_path / "bad.html"
    good.write_text(
        "---\nsubject: Fresh bread\n---\n# Bread\n\n[Order a loaf](https://bakery.example/order)\n"
    )
    bad.write_text('<html lang="en"><body>\n<a href="#">Order</a> {{ subscriber.fields.city }}</body></html>')
    (tmp_path / "values.json").write_text('{"subscriber": {"fields": {"city": "Lyon"}}}')

    found = json.loads(mailer("preflight", str(good), "--json"))

    assert found["errors"] == 0
    assert found["format"] == "markdown"
    mailer("preflight", str(bad), "--data", str(tmp_path / "values.json"), expect=1)
    assert "does not exist" in mailer("preflight", str(tmp_path / "none.html"), expect=2)
