"""Beginning an import, once it is clear what its columns are and why these people may be mailed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select, update

from mailer.audience import queries
from mailer.audience.fields import create_field
from mailer.audience.models import Existing, FieldType, Import, ImportStatus
from mailer.audience.receive_upload import upload_path
from mailer.audience.tags import tags_named
from mailer.db import db
from mailer.errors import Conflict, Invalid
from mailer.jobs import RUN_IMPORT, later
from mailer.lib.lines import clean_line

#: What a column can be, besides one of the workspace's fields.
MEANINGS: Final = {
    "email": "Email address",
    "name": "Name",
    "first_name": "First name",
    "last_name": "Last name",
    "locale": "Language",
    "time_zone": "Time zone",
    "tags": "Tags, between commas",
}
NEW_FIELD: Final = "new:"
_SHORTEST_BASIS: Final = 10


def begin_import(
    source: Import,
    *,
    mapping: Mapping[str, str],
    list_ids: Iterable[str],
    tag_names: Iterable[str],
    existing: Existing,
    consent_basis: str,
    now: datetime,
) -> None:
    """Start an import with what was chosen for it.

    :param mapping: number of a column → what it is; ``new:text`` makes a field named like its heading
    :raises Invalid: with what is missing, by input
    :raises Conflict: it has begun before
    """
    if source.status is not ImportStatus.MAPPING:
        raise Conflict("This import has begun before.")
    lists = queries.lists_by_ids(source.workspace_id, list_ids)
    archived = next((row for row in lists if row.archived_at is not None), None)
    if archived is not None:
        raise Conflict(f"“{archived.name}” is archived; bring it back before anyone joins.")
    basis = clean_line(" ".join(consent_basis.split()), label="The basis", longest=500)
    if lists and len(basis) < _SHORTEST_BASIS:
        sentence = "Say in a sentence when and how these people agreed; it is kept as the proof."
        raise Invalid(sentence, fields={"consent_basis": sentence})
    chosen = _checked(source, mapping)
    tags = tags_named(source.workspace_id, tag_names)

    source.mapping = _with_new_fields(source, chosen)
    source.list_ids = [mailing_list.public_id for mailing_list in lists]
    source.tag_names = [tag.name for tag in tags]
    source.existing = existing
    source.consent_basis = basis
    source.status = ImportStatus.RUNNING
    source.started_at = source.touched_at = now
    db.session.flush()
    later(RUN_IMPORT, str(source.id))


def cancel_import(source: Import, *, now: datetime) -> None:
    """Stop an import after the rows that it is at; what was imported stays."""
    cancelled = db.session.scalar(
        update(Import)
        .where(Import.id == source.id, Import.status.in_([ImportStatus.MAPPING, ImportStatus.RUNNING]))
        .values(status=ImportStatus.CANCELLED, finished_at=now)
        .returning(Import.id)
    )
    if cancelled is None:
        raise Conflict("This import is over already.")
    upload_path(source.stored_as).unlink(missing_ok=True)


def _checked(source: Import, mapping: Mapping[str, str]) -> dict[str, str]:
    known = {*MEANINGS, *(f"field:{field.key}" for field in queries.fields_of(source.workspace_id))}
    known |= {f"{NEW_FIELD}{kind}" for kind in FieldType if kind is not FieldType.CHOICE}
    chosen = {
        number: meaning
        for number, meaning in mapping.items()
        if meaning and number.isdecimal() and int(number) < len(source.headings)
    }
    unknown = [meaning for meaning in chosen.values() if meaning not in known]
    if unknown:
        raise Invalid(f"“{unknown[0][:40]}” is nothing that a column can be.")
    single = [meaning for meaning in chosen.values() if not meaning.startswith(NEW_FIELD)]
    twice = next((meaning for meaning in single if single.count(meaning) > 1), None)
    if twice:
        raise Invalid(f"Two columns are “{MEANINGS.get(twice, twice.removeprefix('field:'))}”; choose one.")
    if "email" not in single:
        raise Invalid("Say which column holds the email addresses.")
    return chosen


def _with_new_fields(source: Import, chosen: dict[str, str]) -> dict[str, str]:
    return {number: _field_of(source, number, meaning) for number, meaning in chosen.items()}


def _field_of(source: Import, number: str, meaning: str) -> str:
    if not meaning.startswith(NEW_FIELD):
        return meaning
    label = source.headings[int(number)] or f"Column {int(number) + 1}"
    field = create_field(source.workspace_id, label, type=FieldType(meaning.removeprefix(NEW_FIELD)))
    return f"field:{field.key}"


def stale_imports(*, before: datetime) -> list[Import]:
    """Return the imports that run and gave no sign of life since a time."""
    return list(
        db.session.scalars(
            select(Import).where(Import.status == ImportStatus.RUNNING, Import.touched_at < before)
        )
    )
