"""A dry run: what would become of each row, counted without writing any."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from disposable_email_domains import blocklist
from sqlalchemy import update

from mailer.audience.importing.look import look
from mailer.audience.importing.plan import CHUNK, Batch, plan_of, sorted_out
from mailer.audience.importing.receive import rows_of
from mailer.audience.models import Import, ImportStatus
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.clock import utcnow
from mailer.lib.seen import Seen

#: Addresses of a post rather than a person; they may change hands, and complain more.
ROLES: Final = frozenset(
    {
        "abuse",
        "admin",
        "billing",
        "contact",
        "contacto",
        "info",
        "hello",
        "help",
        "hostmaster",
        "kontakt",
        "mail",
        "marketing",
        "no-reply",
        "noreply",
        "office",
        "postmaster",
        "press",
        "sales",
        "security",
        "support",
        "team",
        "webmaster",
    }
)
_EXAMPLES: Final = 20


def forecast_chunks(import_id: UUID, *, now: datetime) -> Iterator[None]:
    """Count what an import would do, yielding after each chunk; the caller commits how far it is.

    A count that was killed begins again, since it wrote nothing.
    """
    source = db.session.get(Import, import_id)
    if source is None or source.status is not ImportStatus.CHECKING:
        return
    try:
        plan = plan_of(source, now=now)
        total: Counter[str] = Counter()
        kinds: Counter[str] = Counter()
        examples: list[dict[str, Any]] = []
        number = 2
        db.session.commit()
        with closing(rows_of(source.stored_as)) as rows, Seen() as seen:
            while chunk := list(islice(rows, CHUNK)):
                batch = sorted_out(plan, chunk, first_number=number)
                known = look(plan, batch)
                new = seen.add([key for key in batch.people if key not in known.people])
                on_lists = len(plan.list_ids) * (new + len(known.people)) - len(known.places)
                total.update(
                    done=len(chunk),
                    new=new,
                    changed=len(known.changes),
                    unchanged=len(batch.people) - new - len(known.changes) + batch.repeated,
                    departed=len(batch.departed),
                    places=on_lists,
                    left_before=known.left_before,
                    refused=len(batch.refusals),
                    **_suspicious(batch),
                )
                kinds.update(refusal.kind for refusal in batch.refusals)
                for refusal in sorted(batch.refusals, key=lambda each: each.number):
                    if len(examples) < _EXAMPLES:
                        cells = [cell[:80] for cell in refusal.cells[:6]]
                        examples.append({"row": refusal.number, "cells": cells, "reason": refusal.reason})
                number += len(chunk)
                if not _keep(import_id, {**total, "refused_by": dict(kinds), "examples": examples}):
                    db.session.rollback()
                    return
                yield
        _end(import_id, ImportStatus.CHECKED)
    except (Invalid, OSError) as error:
        db.session.rollback()
        gone = "The uploaded file is gone; upload it again."
        _end(import_id, ImportStatus.FAILED, error=error.message if isinstance(error, Invalid) else gone)
    yield


def _suspicious(batch: Batch) -> dict[str, int]:
    roles = disposable = 0
    for key in batch.people:
        local, _, domain = key.rpartition("@")
        roles += local in ROLES
        disposable += domain in blocklist
    return {"role": roles, "disposable": disposable}


def _keep(import_id: UUID, forecast: dict[str, Any]) -> bool:
    kept = db.session.scalar(
        update(Import)
        .where(Import.id == import_id, Import.status == ImportStatus.CHECKING)
        .values(forecast=forecast, touched_at=utcnow())
        .returning(Import.id)
        .execution_options(synchronize_session=False)
    )
    return kept is not None


def _end(import_id: UUID, status: ImportStatus, *, error: str = "") -> None:
    db.session.execute(
        update(Import)
        .where(Import.id == import_id, Import.status == ImportStatus.CHECKING)
        .values(status=status, error=error[:500])
        .execution_options(synchronize_session=False)
    )
