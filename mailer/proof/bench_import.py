"""``mailer bench import``: our import of a file beside the barest way to put the same rows into the tables.

The barest way is, on PostgreSQL, a COPY of ready rows into a bare table and three ``INSERT …
SELECT … ON CONFLICT`` from there; on SQLite three ``executemany`` of ready rows with ``ON
CONFLICT``. Both write the same subscribers, subscriptions and consent records, under the same
indexes and triggers. Ours also reads the file, checks every address, looks up who is known or
suppressed, and can go on after a kill. Each runs as a process of its own, so that its memory
can be weighed.
"""

import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from mailer.accounts.found import create_owner
from mailer.app import create_app
from mailer.audience.lists import ListSettings, create_list
from mailer.audience.models import Subscriber
from mailer.config import environment_with, load
from mailer.consent.record import hash_of
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7
from mailer.proof import postgres
from mailer.proof.installation import BenchFailed
from mailer.proof.processes import peak_megabytes
from mailer.runtime.migrations import migrate_to

Tell = Callable[[str], None]
_LIST: Final = "Readers"
_LOOK_EVERY_SECONDS: Final = 0.1
_BASIS: Final = "Made up for a measurement; no such person exists."
_HEADINGS: Final = ("email", "name", "language", "time zone")


@dataclass(frozen=True)
class Measured:
    """One size on one database.

    :param ours: rows a second of ``mailer import``, from its first to its last chunk
    :param bare: rows a second of the barest way
    :param peak_megabytes: of the importing process
    """

    database: str
    rows: int
    ours: float
    whole: float
    bare: float
    peak_megabytes: float

    @property
    def ratio(self) -> float:
        """Ours over the barest."""
        return self.ours / self.bare

    def line(self) -> str:
        """Return the figures as one line."""
        return (
            f"{self.database:<11} {self.rows:>9,} rows  import {self.ours:>7,.0f}/s  "
            f"bare {self.bare:>7,.0f}/s  ratio {self.ratio:.2f}  "
            f"with reading in {self.whole:>7,.0f}/s  peak {self.peak_megabytes:,.0f} MB"
        )


def bench_import(database: str, sizes: Sequence[int], tell: Tell) -> Iterator[Measured]:
    """Measure each size on a fresh database of each kind."""
    with tempfile.TemporaryDirectory(prefix="mailer-bench-") as folder:
        for rows in sizes:
            path = Path(folder, f"{rows}.csv")
            _write_file(path, rows)
            tell(f"{database}: {rows:,} rows the barest way")
            with _fresh(database, Path(folder, f"bare-{rows}")) as environment:
                bare = _bare(environment, rows)
            tell(f"{database}: {rows:,} rows by mailer import")
            with _fresh(database, Path(folder, f"ours-{rows}")) as environment:
                ours, whole, peak = _ours(environment, path, rows)
            path.unlink()
            yield Measured(database, rows, rows / ours, rows / whole, rows / bare, peak)


def _write_file(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADINGS)
        writer.writerows(_people(rows))


def _people(rows: int) -> Iterator[tuple[str, str, str, str]]:
    """Yield as many people as asked for: address, name, language, zone."""
    for number in range(rows):
        # Scattered like real addresses, not in the order of the index.
        shuffled = number * 7_368_787 % 10_000_019
        yield f"reader{shuffled}@example.com", f"Rosa Lima {number}", "pt-PT", "Europe/Lisbon"


@contextmanager
def _fresh(database: str, folder: Path) -> Iterator[dict[str, str]]:
    """Make an empty installation with a workspace and a list, and remove it."""
    folder.mkdir()
    if database == "sqlite":
        yield _installed({"MAILER_DATA_DIR": str(folder)})
        return
    with postgres.server(postgres.DURABLE) as url:
        yield _installed({"MAILER_DATA_DIR": str(folder), "MAILER_DATABASE_URL": url % "postgres"})


def _installed(settings: dict[str, str]) -> dict[str, str]:
    with create_app(load(settings)).app_context():
        migrate_to("head")
        _, workspace = create_owner(email="bench@example.com", password=token_urlsafe(), workspace="Bench")
        create_list(workspace.id, ListSettings(_LIST))
        db.session.commit()
        db.engine.dispose()
    return settings


def _ours(settings: dict[str, str], path: Path, rows: int) -> tuple[float, float, float]:
    command = [sys.executable, "-m", "mailer.cli", "import", str(path), "--workspace", "bench"]
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, "--list", _LIST, "--basis", _BASIS, "--json"],
        env=environment_with(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    peak = 0.0
    while process.poll() is None:
        # Not what the system says afterwards: that counts the memory of who started it as well.
        peak = max(peak, peak_megabytes(process.pid))
        time.sleep(_LOOK_EVERY_SECONDS)
    whole = time.monotonic() - began
    said = process.stdout.read()
    if process.returncode:
        raise BenchFailed(f"mailer import failed: {said}")
    result = json.loads(said)
    if result["added"] != rows or result["subscribed"] != rows:
        raise BenchFailed(f"mailer import took {result['added']:,} of {rows:,} rows.")
    return result["seconds"], whole, peak


def _bare(settings: dict[str, str], rows: int) -> float:
    with create_app(load(settings)).app_context():
        workspace_id, list_id = db.session.execute(text("SELECT workspace_id, id FROM mailing_lists")).one()
        is_postgresql = db.engine.dialect.name == "postgresql"
        db.session.rollback()
        load_rows = _bare_postgresql if is_postgresql else _bare_sqlite
        seconds = load_rows(workspace_id, list_id, rows)
        if db.session.query(Subscriber).count() != rows:
            raise BenchFailed("The barest way did not write every row.")
        db.session.rollback()
        db.engine.dispose()
    return seconds


def _bare_postgresql(workspace_id: UUID, list_id: UUID, rows: int) -> float:
    connection: Any = db.engine.raw_connection()
    now = str(utcnow())
    made = ("\t".join((uuid7().hex, *person)) + "\n" for person in _people(rows))
    ready = [b"".join(line.encode() for line in islice(made, 10_000)) for _ in range(-(-rows // 10_000))]
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE bare (id uuid, email text, name text, locale text, time_zone text)"
            " ON COMMIT DROP"
        )
        with cursor.copy("COPY bare FROM STDIN") as copy:
            for part in ready:
                copy.write(part)
        place = {"workspace": workspace_id, "list": list_id, "now": now, "basis": hash_of(_BASIS)}
        for statement in (
            "INSERT INTO subscribers (id, created_at, updated_at, workspace_id, email, email_key, name,"
            " locale, time_zone, fields) SELECT id, %(now)s, %(now)s, %(workspace)s, email, lower(email),"
            " name, locale, time_zone, '{}' FROM bare"
            " ON CONFLICT (workspace_id, email_key) DO UPDATE SET name = excluded.name",
            "INSERT INTO subscriptions (id, created_at, workspace_id, list_id, subscriber_id, status,"
            " started_at) SELECT gen_random_uuid(), %(now)s, %(workspace)s, %(list)s, id, 'active',"
            " %(now)s FROM bare ON CONFLICT DO NOTHING",
            "INSERT INTO consent_records (id, created_at, workspace_id, subscriber_id, list_id, act, via,"
            " words_hash, locale, ip, user_agent) SELECT gen_random_uuid(), %(now)s, %(workspace)s, id,"
            " %(list)s, 'subscribed', 'import', %(basis)s, '', '', '' FROM bare",
        ):
            cursor.execute(statement, place)
    connection.commit()
    seconds = time.monotonic() - began
    connection.close()
    return seconds


def _bare_sqlite(workspace_id: Any, list_id: Any, rows: int) -> float:
    connection: Any = db.engine.raw_connection()
    workspace, mailing_list = bytes(workspace_id), bytes(list_id)
    now = str(utcnow().replace(tzinfo=None))
    made = [(uuid7().bytes, *person, uuid7().bytes, uuid7().bytes) for person in _people(rows)]
    began = time.monotonic()
    cursor = connection.cursor()
    cursor.execute("BEGIN IMMEDIATE")
    cursor.executemany(
        "INSERT INTO subscribers (id, created_at, updated_at, workspace_id, email, email_key, name, locale,"
        " time_zone, fields) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '{}')"
        " ON CONFLICT (workspace_id, email_key) DO UPDATE SET name = excluded.name",
        ((one, now, now, workspace, email, email, *rest) for one, email, *rest, _, _ in made),
    )
    cursor.executemany(
        "INSERT INTO subscriptions (id, created_at, workspace_id, list_id, subscriber_id, status, started_at)"
        " VALUES (?, ?, ?, ?, ?, 'active', ?) ON CONFLICT DO NOTHING",
        ((row[5], now, workspace, mailing_list, row[0], now) for row in made),
    )
    cursor.executemany(
        "INSERT INTO consent_records (id, created_at, workspace_id, subscriber_id, list_id, act, via,"
        " words_hash, locale, ip, user_agent) VALUES (?, ?, ?, ?, ?, 'subscribed', 'import', ?, '', '', '')",
        ((row[6], now, workspace, row[0], mailing_list, hash_of(_BASIS)) for row in made),
    )
    cursor.execute("COMMIT")
    seconds = time.monotonic() - began
    connection.close()
    return seconds
