"""Taking a file in: what is in it, and what its columns seem to be."""

from itertools import islice
from pathlib import Path
from typing import Final
from uuid import UUID

from mailer.audience import queries
from mailer.audience.fields import key_from
from mailer.audience.models import Import
from mailer.current import settings
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.csv_rows import Dialect, read_rows, sniff
from mailer.lib.ids import uuid7

MOST_ROWS: Final = 500_000
_SAMPLES: Final = 5

#: Headings that people write, in several languages, by what they mean.
_MEANINGS: Final = {
    "email": "email e_mail email_address e_mail_address mail address emailaddress e_mail_adresse mailadresse "
    "correo correo_electronico courriel adresse_e_mail adresse_email indirizzo_email subscriber_email",
    "name": "name full_name fullname contact_name display_name nombre nom nome",
    "first_name": "first_name firstname given_name vorname prenom nombre_de_pila fname",
    "last_name": "last_name lastname surname family_name nachname nom_de_famille apellido apellidos lname",
    "locale": "locale language lang sprache langue idioma",
    "time_zone": "time_zone timezone zeitzone fuseau_horaire",
    "tags": "tags tag labels schlagworte etiquetas",
}
_MEANING_OF: Final = {word: meaning for meaning, words in _MEANINGS.items() for word in words.split()}


def receive_upload(workspace_id: UUID, *, file_name: str, data: bytes, actor_id: UUID | None) -> Import:
    """Keep an uploaded file until it is imported.

    :raises Invalid: it holds no rows that could be imported
    """
    dialect = sniff(data)
    stored_as = f"{uuid7()}.csv"
    path = upload_path(stored_as)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    try:
        headings, row_count = _measured(path, dialect)
    except Invalid:
        path.unlink()
        raise
    source = Import(
        workspace_id=workspace_id,
        created_by_id=actor_id,
        file_name=Path(file_name).name[:200] or "upload.csv",
        stored_as=stored_as,
        encoding=dialect.encoding,
        delimiter=dialect.delimiter,
        headings=headings,
        row_count=row_count,
    )
    source.mapping = guessed_mapping(source)
    db.session.add(source)
    db.session.flush()
    return source


def upload_path(stored_as: str) -> Path:
    """Return where an upload lies."""
    return settings().data_dir / "imports" / stored_as


def samples_of(source: Import) -> list[list[str]]:
    """Return the first rows of a file, each as long as the headings."""
    rows = islice(read_rows(upload_path(source.stored_as), dialect_of(source)), 1, 1 + _SAMPLES)
    width = len(source.headings)
    return [(row + [""] * width)[:width] for row in rows]


def dialect_of(source: Import) -> Dialect:
    """Return how an import's file is written."""
    return Dialect(source.encoding, source.delimiter)


def guessed_mapping(source: Import) -> dict[str, str]:
    """Return what each column seems to be, by its number; by its heading, or because it holds addresses."""
    fields = {field.key for field in queries.fields_of(source.workspace_id)}
    guessed: dict[str, str] = {}
    for number, heading in enumerate(source.headings):
        key = key_from(heading)
        meaning = _MEANING_OF.get(key) or (f"field:{key}" if key in fields else "")
        if meaning and meaning not in guessed.values():
            guessed[str(number)] = meaning
    if "email" not in guessed.values():
        for number in range(len(source.headings)):
            cells = [row[number] for row in samples_of(source)]
            if cells and all("@" in cell for cell in cells):
                guessed[str(number)] = "email"
                break
    return guessed


def _measured(path: Path, dialect: Dialect) -> tuple[list[str], int]:
    rows = read_rows(path, dialect)
    headings = [cell.strip()[:120] for cell in next(rows, [])]
    row_count = 0
    for row_count, _ in enumerate(rows, start=1):
        if row_count > MOST_ROWS:
            raise Invalid(f"This file has more than {MOST_ROWS:,} rows; cut it into several.")
    if not row_count:
        raise Invalid(
            "This file has headings at most; the first row holds the headings, the next ones people."
        )
    return headings, row_count
