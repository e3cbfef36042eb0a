"""A dry run: what would become of each row, counted without writing any."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from disposable_email_domains import blocklist
from sqlalchemy import update

from mailer.audience.importing.look import Known, look
from mailer.audience.importing.plan import CHUNK, Batch, Plan, plan_of, sorted_out
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
#: Behind the headings.
_FIRST_ROW: Final = 2


@dataclass
class _Forecast:
    """What was counted until now."""

    total: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)

    def add(self, plan: Plan, batch: Batch, known: Known, *, rows: int, new: int) -> None:
        """Count the next rows.

        :param rows: how many there were
        :param new: how many people of them nobody knew, of this file's earlier rows either
        """
        self.total.update(
            done=rows,
            new=new,
            changed=len(known.changes),
            unchanged=len(batch.people) - new - len(known.changes) + batch.repeated,
            departed=len(batch.departed),
            places=len(plan.list_ids) * (new + len(known.people)) - len(known.places),
            left_before=known.left_before,
            refused=len(batch.refusals),
            **_suspicious(batch),
        )
        self.kinds.update(refusal.kind for refusal in batch.refusals)
        room = _EXAMPLES - len(self.examples)
        for refusal in sorted(batch.refusals, key=lambda each: each.number)[:room]:
            cells = [cell[:80] for cell in refusal.cells[:6]]
            self.examples.append({"row": refusal.number, "cells": cells, "reason": refusal.reason})

    def as_dict(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {**self.total, "refused_by": dict(self.kinds), "examples": self.examples}


def forecast_chunks(import_id: UUID, *, now: datetime) -> Iterator[None]:
    """Count what an import would do, yielding after each chunk; the caller commits how far it is.

    A count that was killed begins again, since it wrote nothing.
    """
    source = db.session.get(Import, import_id)
    if source is None or source.status is not ImportStatus.CHECKING:
        return
    try:
        plan = plan_of(source, now=now)
        db.session.commit()
        for forecast in _counted(plan, source.stored_as):
            if not _keep(import_id, forecast.as_dict()):
                db.session.rollback()
                return
            yield
        _end(import_id, ImportStatus.CHECKED)
    except (Invalid, OSError) as error:
        db.session.rollback()
        gone = "The uploaded file is gone; upload it again."
        _end(import_id, ImportStatus.FAILED, error=error.message if isinstance(error, Invalid) else gone)
    yield


def _counted(plan: Plan, stored_as: str) -> Iterator[_Forecast]:
    """Yield the same forecast again and again, each time with another chunk of rows in it."""
    forecast, number = _Forecast(), _FIRST_ROW
    with closing(rows_of(stored_as)) as rows, Seen() as seen:
        while chunk := list(islice(rows, CHUNK)):
            batch = sorted_out(plan, chunk, first_number=number)
            known = look(plan, batch)
            new = seen.add([key for key in batch.people if key not in known.people])
            forecast.add(plan, batch, known, rows=len(chunk), new=new)
            number += len(chunk)
            yield forecast


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
