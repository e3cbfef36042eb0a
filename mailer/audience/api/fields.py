"""Custom fields for programs."""

from typing import Any, Literal

from flask import g
from pydantic import AwareDatetime, Field

from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Given, Line, Shown, changes_of, list_of, patched
from mailer.audience import fields
from mailer.audience import models as audience
from mailer.audience.api.frame import bp
from mailer.audience.models import Editor, FieldType
from mailer.audience.queries.fields_and_tags import all_fields
from mailer.db import db


class FieldShown(Shown):
    """A custom field."""

    object: Literal["field"] = "field"
    id: str
    key: str = Field(description="How merge tags call it: {{ subscriber.fields.city }}.")
    label: str
    type: FieldType
    choices: list[str]
    is_required: bool
    default_value: str
    editor: Editor
    created_at: AwareDatetime


class _Described(Given):
    label: Line = Field(min_length=1, max_length=120, examples=["Favourite bread"])
    choices: list[Line] = Field(
        [], max_length=200, description="Of a field of one or several choices; else none."
    )
    is_required: bool = Field(
        False,
        description="Forms do not go on without it, and a person cannot empty it; imports and programs can.",
    )
    default_value: Line = Field(
        "", max_length=500, description="What new subscribers have unless something else is said of them."
    )
    editor: Editor = Field(
        Editor.ASKED,
        description="Who changes it besides staff: the person where a form asks, the person always, nobody.",
    )


class NewField(_Described):
    """A field to be made."""

    key: Line = Field("", max_length=60, description="Made from the label when left out.")
    type: FieldType = FieldType.TEXT


FieldChanges = changes_of(_Described, "FieldChanges")
FieldPage = list_of(FieldShown, "FieldPage")


@bp.get("/fields")
@bp.input(PageQuery, location="query")
@bp.output(FieldPage)
def index_fields(query_data: PageQuery) -> dict[str, Any]:
    """Read the custom fields, newest first."""
    found = all_fields(g.workspace.id)
    return page(found, audience.Field, query_data, FieldShown.each_of)


@bp.post("/fields", endpoint="create_field")
@idempotent
@bp.input(NewField)
@bp.output(FieldShown, status_code=201)
def post_field(json_data: NewField) -> FieldShown:
    """Make a field."""
    return FieldShown.of(fields.create_field(g.workspace.id, **json_data.model_dump()))


@bp.patch("/fields/<field_id>", endpoint="update_field")
@bp.input(FieldChanges)
@bp.output(FieldShown)
def patch_field(field_id: str, json_data: Given) -> FieldShown:
    """Change what a field is called and asks; key and type stay, since mails and values depend on them."""
    field = fields.field_by_id(g.workspace.id, field_id)
    fields.update_field(field, **patched(field, json_data))
    db.session.commit()
    return FieldShown.of(field)


@bp.delete("/fields/<field_id>", endpoint="delete_field")
@bp.output({}, status_code=204)
def remove_field(field_id: str) -> str:
    """Delete a field and every subscriber's value of it."""
    fields.delete_field(fields.field_by_id(g.workspace.id, field_id))
    db.session.commit()
    return ""
