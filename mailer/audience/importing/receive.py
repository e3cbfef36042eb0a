"""Taking a file in: what is in it, and what its columns seem to be.

However it is written, it is rewritten once as plain CSV in UTF-8, so that whatever reads
it later reads one format. The original is kept until the import begins: somebody may see
that its letters are wrong, and say how it is encoded.
"""

import csv
import shutil
import zlib
from collections.abc import Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID
from zipfile import BadZipFile

from mailer.audience.fields import clean_value, key_from
from mailer.audience.importing.origins import MEANING_OF, is_status, origin_of
from mailer.audience.importing.rows import day_comes_first, iso_date
from mailer.audience.models import Field, FieldType, Import, ImportStatus
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.current import settings
from mailer.db import db
from mailer.errors import Conflict, Invalid
from mailer.lib.csv_rows import LAST_RESORT, Rows
from mailer.lib.ids import uuid7
from mailer.lib.table_files import PART, open_table

MOST_ROWS: Final = 20_000_000
#: How many rows are looked at to tell what a column holds.
JUDGED_ROWS: Final = 1_000
NEW_FIELD: Final = "new:"
_MOST_NEW_FIELDS: Final = 30
_BUFFER: Final = 1024 * 1024


def receive_upload(
    workspace_id: UUID, *, file_name: str, file: BinaryIO, actor_id: UUID | None = None
) -> Import:
    """Keep an uploaded file until it is imported.

    :raises Invalid: it holds no rows that could be imported
    """
    source = Import(
        workspace_id=workspace_id,
        created_by_id=actor_id,
        file_name=Path(file_name).name.replace("\0", "")[:200] or "upload.csv",
        stored_as=f"{uuid7()}.csv",
    )
    path = original_path(source.stored_as)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("wb") as kept:
            shutil.copyfileobj(file, kept, _BUFFER)
        _rewrite(source, encoding="")
    except BaseException:
        forget_files(source)
        raise
    source.mapping = guessed_mapping(source)
    db.session.add(source)
    db.session.flush()
    return source


def read_again(source: Import, *, encoding: str) -> None:
    """Read a file once more, in the encoding that somebody says it has.

    :raises Conflict: the import has begun
    :raises Invalid: it cannot be read so
    """
    if source.status is not ImportStatus.MAPPING:
        raise Conflict("This import has begun; how its file is read is decided.")
    _rewrite(source, encoding=encoding)
    source.mapping = guessed_mapping(source)
    db.session.flush()


def upload_path(stored_as: str) -> Path:
    """Return where the rows of an upload lie."""
    return settings().data_dir / "imports" / stored_as


def original_path(stored_as: str) -> Path:
    """Return where an upload lies as it came."""
    return upload_path(stored_as).with_suffix(".original")


def forget_files(source: Import) -> None:
    """Delete what was uploaded: it is people's data, and nobody needs it twice."""
    original_path(source.stored_as).unlink(missing_ok=True)
    upload_path(source.stored_as).unlink(missing_ok=True)


def rows_of(stored_as: str) -> Rows:
    """Yield the rows of an upload, without the headings."""
    with upload_path(stored_as).open(encoding="utf-8", newline="", buffering=_BUFFER) as file:
        rows = csv.reader(file)
        next(rows, None)
        yield from rows


def samples_of(source: Import, count: int) -> list[list[str]]:
    """Return the first rows of a file, each as long as the headings."""
    width = len(source.headings)
    with closing(rows_of(source.stored_as)) as rows:
        return [(row + [""] * width)[:width] for row in islice(rows, count)]


def guessed_mapping(source: Import) -> dict[str, str]:
    """Return what each column seems to be, by its number.

    By its heading, which may be another program's; else by what stands in it.
    """
    samples = samples_of(source, JUDGED_ROWS)
    columns = list(zip(*samples, strict=True)) or [()] * len(source.headings)
    keys = [key_from(heading) for heading in source.headings]
    origin = origin_of(keys)
    fields = {field.key for field in fields_of(source.workspace_id)}
    guessed: dict[str, str] = {}
    for number, (key, cells) in enumerate(zip(keys, columns, strict=True)):
        filled = [cell for cell in cells if cell.strip()]
        if origin is not None and key in origin.noise:
            continue
        meaning = (origin.columns.get(key) if origin else None) or MEANING_OF.get(key, "")
        if source.headings[number] == PART:
            meaning = "part"
        elif not meaning and key in fields:
            meaning = f"field:{key}"
        elif not meaning and key in {"status", "state"} and filled and all(map(is_status, filled)):
            meaning = "status"
        if meaning == "email" and filled and not any("@" in cell for cell in filled):
            continue
        if meaning and (meaning not in guessed.values() or meaning == "joined_at"):
            guessed[str(number)] = meaning
    if "email" not in guessed.values():
        for number, cells in enumerate(columns):
            if cells and all("@" in cell for cell in cells if cell.strip()) and any(cells):
                guessed[str(number)] = "email"
                break
    made = 0
    for number, (key, cells) in enumerate(zip(keys, columns, strict=True)):
        filled = [cell.strip() for cell in cells if cell.strip()]
        is_left = str(number) not in guessed and not (origin is not None and key in origin.noise)
        if (
            is_left
            and filled
            and made < _MOST_NEW_FIELDS
            and source.headings[number]
            and key not in MEANING_OF
        ):
            guessed[str(number)] = f"{NEW_FIELD}{_type_of(filled)}"
            made += 1
    return guessed


def _type_of(cells: Sequence[str]) -> FieldType:
    """Return what a column of cells seems to hold."""
    words = {cell.casefold() for cell in cells}
    if words <= {"yes", "no", "true", "false"}:
        return FieldType.BOOLEAN
    day_first = day_comes_first(cells)
    for kind in (FieldType.NUMBER, FieldType.DATE):
        field = Field(type=kind, label="", key="", choices=[])
        if all(_fits(field, cell, day_first) for cell in cells):
            return kind
    return FieldType.TEXT


def _fits(field: Field, cell: str, day_first: bool | None) -> bool:
    # Postcodes and telephone numbers are no numbers: they would lose their zero.
    if field.type is FieldType.NUMBER and (cell[0] in "0+" and len(cell) > 1 and cell[1] not in ".,"):
        return False
    try:
        clean_value(field, iso_date(cell, day_first) if field.type is FieldType.DATE else cell)
    except Invalid:
        return False
    return True


def _rewrite(source: Import, *, encoding: str) -> None:
    try:
        _write(source, encoding)
    except UnicodeDecodeError:
        # Further down than was looked, it is no longer what its beginning was.
        _write(source, LAST_RESORT)


def _write(source: Import, encoding: str) -> None:
    path = upload_path(source.stored_as)
    try:
        table = open_table(original_path(source.stored_as), encoding=encoding)
        row_count = 0
        with (
            closing(table.rows) as rows,
            path.open("w", encoding="utf-8", newline="", buffering=_BUFFER) as file,
        ):
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(table.headings)
            for row in rows:
                row_count += 1
                writer.writerow(row)
                if row_count > MOST_ROWS:
                    raise Invalid(f"This file has more than {MOST_ROWS:,} rows; cut it into several.")
    except LookupError:
        raise Invalid("There is no such encoding.") from None
    except (BadZipFile, zlib.error, EOFError) as error:
        raise Invalid("This zip file is damaged; pack it again.") from error
    if not row_count:
        raise Invalid(
            "This file has headings at most; the first row holds the headings, the next ones people."
        )
    source.headings, source.row_count = table.headings, row_count
    source.encoding, source.delimiter = table.encoding[:20], table.delimiter
    origin = origin_of(map(key_from, table.headings))
    source.origin = origin.name if origin else ""
