"""What the kernel says about processes: who started whom, how much they worked, how large they grew."""

import os
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
# Of /proc/PID/stat, counted from behind the command's closing parenthesis (proc(5)).
_STATE, _PARENT, _USER, _CHILDREN_SYSTEM = 0, 1, 11, 15


def is_known() -> bool:
    """Whether this system tells: Linux does."""
    return (_PROC / "self" / "stat").exists()


def lives(pid: int) -> bool:
    """Whether a process has not ended yet."""
    return (_stat(pid) or ["Z"])[_STATE] != "Z"


def below(root: int) -> dict[int, str]:
    """Return the command lines of all living descendants of a process, by id."""
    parents = {pid: int(stat[_PARENT]) for pid in _living() if (stat := _stat(pid))}

    def descends(pid: int) -> bool:
        while (pid := parents.get(pid, 0)) != root:
            if not pid:
                return False
        return True

    return {pid: command for pid in parents if descends(pid) and (command := _command(pid))}


def cpu_seconds(pid: int) -> float:
    """Return the CPU time, user and system, of a process and of the children that it outlived."""
    stat = _stat(pid)
    return sum(map(int, stat[_USER : _CHILDREN_SYSTEM + 1])) / _TICKS_PER_SECOND if stat else 0.0


def cpu_seconds_of_tree(root: int) -> float:
    """Return the CPU time of a process, of those below it that live, and of those that it outlived."""
    return cpu_seconds(root) + sum(map(cpu_seconds, below(root)))


def peak_megabytes(pid: int) -> float:
    """Return the most memory that a process ever held (``VmHWM``)."""
    return _status(pid, "VmHWM:") / 1024


def bytes_read(pid: int) -> int:
    """Return how many bytes a process has ever read, from files and sockets."""
    try:
        lines = (_PROC / str(pid) / "io").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("rchar:")), 0)


def _living() -> list[int]:
    return [int(folder.name) for folder in _PROC.iterdir() if folder.name.isdigit()]


def _stat(pid: int) -> list[str]:
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _command(pid: int) -> str:
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""


def _status(pid: int, name: str) -> int:
    try:
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)
