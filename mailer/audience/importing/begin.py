"""Beginning an import, once it is clear what its columns are and why these people may be mailed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, update

from mailer.audience.fields import create_field, create_missing_fields, key_from
from mailer.audience.importing.receive import (
    JUDGED_ROWS,
    NEW_FIELD,
    forget_files,
    original_path,
    samples_of,
)
from mailer.audience.importing.rows import json_values
from mailer.audience.models import Existing, FieldType, Import, ImportStatus, MailingList
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.audience.queries.lists import lists_by_ids
from mailer.audience.tags import tags_named
from mailer.db import db
from mailer.errors import Conflict, Invalid
from mailer.jobs import CHECK_IMPORT, RUN_IMPORT, later
from mailer.lib.lines import clean_line

#: What a column can be, besides one of the workspace's fields.
MEANINGS: Final = {
    "email": "Email address",
    "name": "Name",
    "first_name": "First name",
    "last_name": "Last name",
    "locale": "Language",
    "time_zone": "Time zone",
    "external_id": "External id, by which programs call them",
    "tags": "Tags, between commas",
    "joined_at": "When they joined",
}
#: What tells that somebody is not to be mailed; they are suppressed, never subscribed.
DEPARTURES: Final = {
    "status": "Status, such as “unsubscribed”",
    "subscribed": "Yes or no: subscribed",
    "blocked": "Yes or no: not to be mailed",
    "left_at": "When they left",
    "bounced_at": "When their address failed",
    "detail": "Why they are not to be mailed, in words",
    "stream": "The one stream that they are not to get",
    "part": "The file in the zip, named for its status",
}
OTHERS: Final = {"json": "JSON with several fields"}
#: May stand for several columns.
_SEVERAL: Final = frozenset({"joined_at", "json"})
_SHORTEST_BASIS: Final = 10
_WAITING: Final = (ImportStatus.MAPPING, ImportStatus.CHECKED)


@dataclass(frozen=True)
class ImportChoices:
    """What somebody chose for an import.

    :ivar mapping: number of a column → what it is; ``new:text`` makes a field named like its heading
    :ivar list_ids: which lists the people join
    :ivar existing: what becomes of somebody who is there already
    :ivar consent_basis: why they may be mailed, kept as the proof
    :ivar is_suppression_list: whether all of them are not to be mailed; then they join nothing
    """

    mapping: Mapping[str, str]
    list_ids: Iterable[str]
    tag_names: Iterable[str]
    existing: Existing
    consent_basis: str
    is_suppression_list: bool = False


def prepare_import(source: Import, chosen: ImportChoices, *, now: datetime, is_forecast: bool = True) -> None:
    """Keep what was chosen for an import, and have it forecast what would become of each row.

    :param is_forecast: false for somebody who wants it to begin at once
    :raises Invalid: with what is missing, by input
    :raises Conflict: it has begun before
    """
    if source.status is not ImportStatus.MAPPING:
        raise Conflict("This import has begun before.")
    is_suppression_list = chosen.is_suppression_list
    lists = [] if is_suppression_list else _open_lists(source, chosen.list_ids)
    basis = clean_line(" ".join(chosen.consent_basis.split()), label="The basis", longest=500)
    if lists and len(basis) < _SHORTEST_BASIS:
        sentence = "Say in a sentence when and how these people agreed; it is kept as the proof."
        raise Invalid(sentence, fields={"consent_basis": sentence})
    columns = _checked(source, chosen.mapping)
    tags = tags_named(source.workspace_id, () if is_suppression_list else chosen.tag_names)

    source.mapping = {number: _field_of(source, number, meaning) for number, meaning in columns.items()}
    _make_json_fields(source)
    source.list_ids = [mailing_list.public_id for mailing_list in lists]
    source.tag_names = [tag.name for tag in tags]
    source.existing, source.consent_basis = chosen.existing, basis
    source.is_suppression_list = is_suppression_list
    source.status = ImportStatus.CHECKING if is_forecast else ImportStatus.CHECKED
    source.touched_at, source.forecast = now, {}
    db.session.flush()
    if is_forecast:
        later(CHECK_IMPORT, str(source.id))


def change_mind(source: Import) -> None:
    """Go back from the forecast to what was chosen."""
    if source.status is not ImportStatus.CHECKED:
        raise Conflict("This can be changed only between the forecast and the import.")
    source.status, source.forecast = ImportStatus.MAPPING, {}
    db.session.flush()


def begin_import(source: Import, *, now: datetime, is_queued: bool = True) -> None:
    """Begin to write what was forecast, or go on after a pause.

    :param is_queued: false for whoever runs it themselves
    :raises Conflict: there is nothing to begin
    """
    if source.status not in {ImportStatus.CHECKED, ImportStatus.PAUSED}:
        raise Conflict("This import waits for nothing.")
    source.status = ImportStatus.RUNNING
    source.started_at = source.started_at or now
    source.touched_at = source.resumed_at = now
    source.resumed_count = source.done_count
    db.session.flush()
    original_path(source.stored_as).unlink(missing_ok=True)
    if is_queued:
        later(RUN_IMPORT, str(source.id))


def pause_import(source: Import) -> None:
    """Stop an import after the rows that it is at, to go on later."""
    _move(source, (ImportStatus.RUNNING,), status=ImportStatus.PAUSED)


def cancel_import(source: Import, *, now: datetime) -> None:
    """End an import after the rows that it is at; what was imported stays."""
    allowed = (*_WAITING, ImportStatus.CHECKING, ImportStatus.RUNNING, ImportStatus.PAUSED)
    _move(source, allowed, status=ImportStatus.CANCELLED, finished_at=now)
    forget_files(source)


def stale_imports(*, before: datetime) -> list[Import]:
    """Return the imports that a worker should be at, and that gave no sign of life since a time."""
    at_work = [status for status in ImportStatus if status.is_at_work]
    return list(
        db.session.scalars(select(Import).where(Import.status.in_(at_work), Import.touched_at < before))
    )


def mapping_by_heading(source: Import, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the guessed mapping with what somebody chose by heading instead.

    :param chosen: heading → what the column is; an empty text leaves it out
    :raises Invalid: there is no such heading
    """
    mapping = dict(source.mapping)
    numbers = {heading.casefold(): str(number) for number, heading in enumerate(source.headings)}
    for heading, meaning in chosen.items():
        number = numbers.get(heading.strip().casefold())
        if number is None:
            raise Invalid(f"The file has no column “{heading[:60]}”: {', '.join(source.headings[:20])}.")
        mapping[number] = meaning
        for other, guessed in list(mapping.items()):
            # What was chosen takes the place of what was guessed for another column.
            if other != number and guessed == meaning and source.headings[int(other)] not in chosen:
                del mapping[other]
    return mapping


def _open_lists(source: Import, list_ids: Iterable[str]) -> list[MailingList]:
    lists = lists_by_ids(source.workspace_id, list_ids)
    archived = next((row for row in lists if row.archived_at is not None), None)
    if archived is not None:
        raise Conflict(f"“{archived.name}” is archived; bring it back before anyone joins.")
    return lists


def _checked(source: Import, mapping: Mapping[str, str]) -> dict[str, str]:
    known = {*MEANINGS, *DEPARTURES, *OTHERS}
    known |= {f"field:{field.key}" for field in fields_of(source.workspace_id)}
    known |= {f"{NEW_FIELD}{kind}" for kind in FieldType if not kind.has_choices}
    chosen = {
        number: meaning
        for number, meaning in mapping.items()
        if meaning and number.isdecimal() and int(number) < len(source.headings)
    }
    unknown = [meaning for meaning in chosen.values() if meaning not in known]
    if unknown:
        raise Invalid(f"“{unknown[0][:40]}” is nothing that a column can be.")
    single = [
        meaning
        for meaning in chosen.values()
        if not meaning.startswith(NEW_FIELD) and meaning not in _SEVERAL
    ]
    twice = next((meaning for meaning in single if single.count(meaning) > 1), None)
    if twice:
        words = {**MEANINGS, **DEPARTURES}.get(twice, twice.removeprefix("field:"))
        raise Invalid(f"Two columns are “{words}”; choose one.")
    if "email" not in single:
        raise Invalid("Say which column holds the email addresses.")
    return chosen


def _field_of(source: Import, number: str, meaning: str) -> str:
    if not meaning.startswith(NEW_FIELD):
        return meaning
    label = source.headings[int(number)] or f"Column {int(number) + 1}"
    key = key_from(label)
    if any(field.key == key for field in fields_of(source.workspace_id)):
        # Made for another column of the same heading, or by another import meanwhile.
        return f"field:{key}"
    field = create_field(source.workspace_id, label, type=FieldType(meaning.removeprefix(NEW_FIELD)))
    return f"field:{field.key}"


def _make_json_fields(source: Import) -> None:
    numbers = [int(number) for number, meaning in source.mapping.items() if meaning == "json"]
    if not numbers:
        return
    seen: dict[str, object] = {}
    for row in samples_of(source, JUDGED_ROWS):
        for number in numbers:
            for key, value in json_values(row[number]).items():
                seen.setdefault(key, value)
    plain = {
        key: value for key, value in seen.items() if key_from(key) == key and not isinstance(value, list)
    }
    create_missing_fields(source.workspace_id, plain)


def _move(source: Import, allowed: Iterable[ImportStatus], **values: object) -> None:
    moved = db.session.scalar(
        update(Import)
        .where(Import.id == source.id, Import.status.in_(allowed))
        .values(values)
        .returning(Import.id)
    )
    if moved is None:
        raise Conflict("This import is over already, or does not run.")
