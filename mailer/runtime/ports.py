"""Ports: whether one can be had, and whether somebody listens on it."""

import errno
import socket
from http.client import HTTPConnection, HTTPException


class PortTaken(Exception):
    """Something else listens where we should; the message says so in one sentence."""


def require_free(bind: str, port: int, setting: str) -> None:
    """Check that a port can be had: the web server would share it with whoever has it.

    :raises PortTaken: naming the setting that chooses another
    """
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise PortTaken(f"{setting}: cannot listen on {bind}:{port}: {error.strerror}.") from None
            raise PortTaken(
                f"{setting}: port {port} is taken by another program; stop that one, or choose another port."
            ) from None


def is_open(host: str, port: int) -> bool:
    """Whether somebody listens on a port."""
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False


def serves(host: str, port: int) -> bool:
    """Whether a web server on a port answers that it is alive."""
    connection = HTTPConnection(host, port, timeout=2.0)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
