"""The rows that an import refused, as a file to be mended and imported again."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import select

from mailer.audience.models import Import, ImportRefusal
from mailer.db import db
from mailer.lib.csv_rows import csv_line

_PAGE: Final = 1_000


def csv_of_refusals(source: Import) -> Iterator[str]:
    """Yield the rows of a file that were not taken as they were, each with its number and the reason."""
    import_id = source.id
    yield "\ufeff" + csv_line([*source.headings, "Row", "Why it was refused"])
    width, last = len(source.headings), 0
    while True:
        page = db.session.scalars(
            select(ImportRefusal)
            .where(ImportRefusal.import_id == import_id, ImportRefusal.row_number > last)
            .order_by(ImportRefusal.row_number)
            .limit(_PAGE)
        ).all()
        for refusal in page:
            cells = (refusal.cells + [""] * width)[:width]
            yield csv_line([*cells, str(refusal.row_number), refusal.reason])
        if len(page) < _PAGE:
            return
        last = page[-1].row_number
