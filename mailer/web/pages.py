"""Keyset pages: as fast at the millionth row as at the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from flask import Flask, request, url_for
from sqlalchemy import Select

from mailer.db import db
from mailer.lib.ids import parse_id

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of many, newest first, and where the others begin."""

    rows: Sequence[Row]
    after: str | None
    before: str | None


def init_app(app: Flask) -> None:
    """Give templates the address of another page of the same list."""
    app.jinja_env.globals["page_url"] = page_url


def page_url(**changes: str | None) -> str:
    """Return this request's address with some parameters changed; None removes one."""
    values: dict[str, Any] = {**(request.view_args or {}), **request.args.to_dict(flat=False)}
    values.update(changes)
    return url_for(
        request.endpoint or "", **{key: value for key, value in values.items() if value is not None}
    )


def page_of(query: Select[Any], model: Any, *, size: int = 50, key: Any = None) -> Page[Any]:
    """Return the page of a query that the request's ``after`` or ``before`` asks for.

    Ids are UUIDv7, so that the order by id is the order of creation.

    :param query: a select of ``model``'s rows, already filtered, not ordered
    :param key: a joined column that holds the id as well, in whose index the rows are found
    """
    key = model.id if key is None else key
    after = _cursor(model, "after")
    before = _cursor(model, "before")
    if before is not None:
        rows = list(db.session.scalars(query.where(key > before).order_by(key).limit(size + 1)))
        more_newer, more_older = len(rows) > size, True
        rows = rows[:size][::-1]
    else:
        older = query.where(key < after) if after is not None else query
        rows = list(db.session.scalars(older.order_by(key.desc()).limit(size + 1)))
        more_newer, more_older = after is not None, len(rows) > size
        rows = rows[:size]
    return Page(
        rows,
        after=rows[-1].public_id if rows and more_older else None,
        before=rows[0].public_id if rows and more_newer else None,
    )


def _cursor(model: Any, name: str) -> UUID | None:
    return parse_id(model.prefix, request.args.get(name, ""))
