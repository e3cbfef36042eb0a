"""Tags for programs: read, renamed, deleted; they are made by being used."""

from typing import Any, Literal

from flask import g
from pydantic import AwareDatetime, Field

from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Given, Line, Shown, list_of
from mailer.audience import tags
from mailer.audience.api.frame import bp
from mailer.audience.models import Tag
from mailer.audience.queries.fields_and_tags import all_tags
from mailer.db import db


class TagShown(Shown):
    """A tag."""

    object: Literal["tag"] = "tag"
    id: str
    name: str
    count: int = Field(description="How many subscribers have it.")
    created_at: AwareDatetime


class TagName(Given):
    """Another name for a tag."""

    name: Line = Field(min_length=1, max_length=60, pattern="^[^,]*$", examples=["regulars"])


TagPage = list_of(TagShown, "TagPage")


@bp.get("/tags")
@bp.input(PageQuery, location="query")
@bp.output(TagPage)
def index_tags(query_data: PageQuery) -> dict[str, Any]:
    """Read the tags, newest first."""
    return page(all_tags(g.workspace.id), Tag, query_data, _shown)


@bp.patch("/tags/<tag_id>", endpoint="update_tag")
@bp.input(TagName)
@bp.output(TagShown)
def patch_tag(tag_id: str, json_data: TagName) -> TagShown:
    """Rename a tag; a name that is taken joins the two, and the one that had it stays."""
    tags.rename_tag(tags.tag_by_id(g.workspace.id, tag_id), json_data.name)
    db.session.commit()
    return _shown([tags.tag_called(g.workspace.id, json_data.name)])[0]


@bp.delete("/tags/<tag_id>", endpoint="delete_tag")
@bp.output({}, status_code=204)
def remove_tag(tag_id: str) -> str:
    """Delete a tag, and so take it off everyone."""
    tags.delete_tag(tags.tag_by_id(g.workspace.id, tag_id))
    db.session.commit()
    return ""


def _shown(rows: list[Tag]) -> list[TagShown]:
    uses = tags.uses_of(rows)
    return [TagShown.of(tag, count=uses[tag.id]) for tag in rows]
