"""Pages of a list by cursor: as fast at the millionth row as at the first."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select

from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.ids import parse_id


class PageQuery(BaseModel):
    """Which page of a list is asked for; routes add their filters."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=500, description="How many, at most.")
    after: str = Field("", description="The id of the last one seen; what is older follows.")
    before: str = Field("", description="The id of the first one seen; what is newer follows.")


def page(
    query: Select[Any],
    model: Any,
    asked: PageQuery,
    present: Callable[[list[Any]], list[Any]],
    *,
    key: Any = None,
) -> dict[str, Any]:
    """Return one page of a query's rows, newest first.

    Ids are UUIDv7, so that the order by id is the order of creation.

    :param query: a select of ``model``'s rows, already filtered, not ordered
    :param present: turns the page's rows into what is answered
    :param key: a joined column that holds the id as well, in whose index the rows are found
    :raises Invalid: a cursor is not an id of this kind, or both are given
    """
    if asked.after and asked.before:
        raise Invalid("Give after or before, not both.", fields={"before": "Give after or before, not both."})
    key = model.id if key is None else key
    if asked.before:
        newer = query.where(key > _cursor(model, "before", asked.before)).order_by(key)
        rows = list(db.session.scalars(newer.limit(asked.limit + 1)))
        shown = rows[: asked.limit][::-1]
    else:
        older = query.where(key < _cursor(model, "after", asked.after)) if asked.after else query
        rows = list(db.session.scalars(older.order_by(key.desc()).limit(asked.limit + 1)))
        shown = rows[: asked.limit]
    return {"object": "list", "has_more": len(rows) > asked.limit, "data": present(shown)}


def _cursor(model: Any, name: str, given: str) -> Any:
    identifier = parse_id(model.prefix, given)
    if identifier is None:
        problem = f"“{given[:60]}” is not an id of this list; it begins with {model.prefix}_."
        raise Invalid(problem, fields={name: problem})
    return identifier
