"""An import from the command line: the same steps as in the browser, one after the other."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from mailer.accounts.queries import workspace_called
from mailer.audience.importing.begin import ImportChoices, begin_import, mapping_by_heading, prepare_import
from mailer.audience.importing.forecast import forecast_chunks
from mailer.audience.importing.receive import forget_files, read_again, receive_upload
from mailer.audience.importing.run import import_chunks
from mailer.audience.models import Existing, Import, ImportStatus
from mailer.audience.queries.imports import import_anywhere, refusals_by_kind
from mailer.audience.queries.lists import list_called
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.clock import utcnow

#: Called with how many rows are done, and how many there are.
Show = Callable[[int, int], None]


@dataclass(frozen=True)
class Wanted:
    """What was typed."""

    file: Path | None
    workspace: str | None
    lists: Sequence[str]
    tags: Sequence[str]
    basis: str
    mapping: IO[str] | None
    existing: str
    suppress: bool
    encoding: str
    dry_run: bool
    resume: str | None


def import_people(wanted: Wanted, show: Show) -> dict[str, Any]:
    """Import a file, or go on with an import.

    :return: the counts by name
    :raises Invalid: something that it takes is missing, or the file cannot be read
    """
    if wanted.resume:
        source = import_anywhere(wanted.resume)
        if source.status in {ImportStatus.PAUSED, ImportStatus.CHECKED}:
            begin_import(source, now=utcnow(), is_queued=False)
            db.session.commit()
        return _run(source, show)
    source = _received(wanted)
    if wanted.dry_run:
        return _forecast(source, show)
    begin_import(source, now=utcnow(), is_queued=False)
    db.session.commit()
    return _run(source, show)


def _received(wanted: Wanted) -> Import:
    if wanted.file is None or not wanted.workspace:
        raise Invalid("Name a file and a --workspace, or an import to --resume.")
    workspace_id = workspace_called(wanted.workspace).id
    lists = [list_called(workspace_id, name).public_id for name in wanted.lists]
    with wanted.file.open("rb") as file:
        source = receive_upload(workspace_id, file_name=wanted.file.name, file=file)
    try:
        if wanted.encoding:
            read_again(source, encoding=wanted.encoding)
        chosen = ImportChoices(
            mapping=mapping_by_heading(source, _mapping(wanted.mapping)),
            list_ids=lists,
            tag_names=wanted.tags,
            existing=Existing(wanted.existing),
            consent_basis=wanted.basis,
            is_suppression_list=wanted.suppress,
        )
        prepare_import(source, chosen, is_forecast=wanted.dry_run, now=utcnow())
        db.session.commit()
    except BaseException:
        db.session.rollback()
        forget_files(source)
        raise
    return source


def _mapping(file: IO[str] | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        given = json.load(file)
    except ValueError as error:
        raise Invalid(f"The mapping is not JSON: {error}.") from None
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise Invalid("The mapping is a JSON object: heading → what the column is.")
    return given


def _forecast(source: Import, show: Show) -> dict[str, Any]:
    for _ in _committed(forecast_chunks(source.id, now=utcnow())):
        db.session.refresh(source)
        show(source.forecast.get("done", source.row_count), source.row_count)
    result = {"rows": source.row_count, **source.forecast}
    if source.error:
        result["error"] = source.error
    forget_files(source)
    db.session.delete(source)
    db.session.commit()
    return {name: value for name, value in result.items() if name != "done"}


def _run(source: Import, show: Show) -> dict[str, Any]:
    began = time.monotonic()
    for _ in _committed(import_chunks(source.id)):
        db.session.refresh(source)
        show(source.done_count, source.row_count)
    db.session.refresh(source)
    names = ("added", "updated", "unchanged", "departed", "refused", "subscribed", "left_before")
    result: dict[str, Any] = {
        "import": source.public_id,
        "status": source.status.value,
        "rows": source.done_count,
        **{name: getattr(source, f"{name}_count") for name in names},
        "seconds": round(time.monotonic() - began, 2),
    }
    if source.error:
        result["error"] = source.error
    if source.refused_count:
        result["refused_by"] = refusals_by_kind(source)
    return result


def _committed(chunks: Iterator[None]) -> Iterator[None]:
    for _ in chunks:
        db.session.commit()
        yield
        db.session.commit()
