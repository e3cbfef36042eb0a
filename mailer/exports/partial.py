"""What runs have written of an export that is not finished: a file for each run, beside the finished ones."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from mailer.exports.begin import path_of
from mailer.exports.models import Export, ExportKind
from mailer.exports.people import person_in


@dataclass(frozen=True)
class Partial:
    """A file that a run goes on writing.

    :ivar done: rows that are in it
    :ivar size: their bytes, with those of the headings
    :ivar last: whom the last of them is about
    """

    path: Path
    done: int = 0
    size: int = 0
    last: UUID | None = None

    def begins_with(self, headings: str) -> bool:
        """Whether rows under some headings can follow; under other ones its columns would be wrong."""
        if not self.size:
            return True
        expected = headings.encode()
        with self.path.open("rb") as file:
            return file.read(len(expected)) == expected

    def emptied(self) -> "Partial":
        """Forget what is in it; return it to be begun again."""
        self.path.unlink(missing_ok=True)
        return Partial(self.path)


def take_over(export: Export, run_id: UUID, *, before: UUID | None) -> Partial:
    """Return the file of a run: with what the run before it had written down as done, if that is still there.

    It is copied, since the other run may only sleep, and writes on in its own when it wakes.
    Suppressions are written in seconds, and begin again.
    """
    path = _path(export, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = None
    if export.kind is ExportKind.SUBSCRIBERS and export.done_count:
        partial = _copied(export, _path(export, before), path)
    for each in path.parent.glob(f"{export.id}-*.partial"):
        if partial is None or each != path:
            each.unlink(missing_ok=True)
    return partial or Partial(path)


def _copied(export: Export, left: Path, path: Path) -> Partial | None:
    """Copy what was committed; none where the file lost it, as when the machine went down."""
    line, size = b"", 0
    try:
        with left.open("rb") as old, path.open("wb") as new:
            while size < export.byte_count and (line := old.readline()):
                size += new.write(line)
    except FileNotFoundError:
        return None
    if size != export.byte_count:
        return None
    return Partial(path, export.done_count, size, person_in(line.decode(), export.format))


def _path(export: Export, run_id: UUID | None) -> Path:
    return path_of(export).with_name(f"{export.id}-{run_id}.partial")
