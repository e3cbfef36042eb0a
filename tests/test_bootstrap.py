"""From a fresh clone to a running product: what can be said of it without one."""

import ast
from pathlib import Path

from mailer import bootstrap


def test_an_old_python_reads_it_far_enough_to_be_told_so():
    source = Path(bootstrap.__file__).read_text(encoding="utf-8")

    ast.parse(source, feature_version=(3, 6))


def test_it_imports_nothing_that_must_be_installed_first():
    tree = ast.parse(Path(bootstrap.__file__).read_text(encoding="utf-8"))
    imported = {
        name.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (node.names if isinstance(node, ast.Import) else [ast.alias(node.module or "")])
    }

    assert imported == {"hashlib", "os", "shutil", "subprocess", "sys", "pathlib"}


def test_a_changed_file_changes_the_digest():
    lock, project = bootstrap.ROOT / "requirements.lock", bootstrap.ROOT / "pyproject.toml"

    assert bootstrap.digest([lock], "3.11") == bootstrap.digest([lock], "3.11")
    assert bootstrap.digest([lock], "3.11") != bootstrap.digest([lock], "3.12")
    assert bootstrap.digest([lock], "3.11") != bootstrap.digest([project], "3.11")


def test_a_step_is_done_once_for_what_it_was_done_with(tmp_path):
    stamp = tmp_path / "installed"

    assert not bootstrap.is_stamped(stamp, "abc")
    stamp.write_text("abc")
    assert bootstrap.is_stamped(stamp, "abc")
    assert not bootstrap.is_stamped(stamp, "abd")


def test_an_unknown_word_names_the_known_ones(capsys):
    assert bootstrap.main(["dance"]) == 2
    assert "run, test, lint" in capsys.readouterr().err
