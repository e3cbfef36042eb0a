"""Sign-up forms for programs: designed, opened and closed, with what each showed before."""

from typing import Any, Literal

from flask import g, url_for
from pydantic import AwareDatetime, Field

from mailer.api.guards import api_blueprint
from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Given, Line, Shown, changes_of, given, list_of
from mailer.current import settings
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.signup import queries, save_form
from mailer.signup.designs import read_design
from mailer.signup.models import Form, FormVersion

bp = api_blueprint("forms_api", __name__, tag="Forms")


class FormShown(Shown):
    """A sign-up form, as it is shown now."""

    object: Literal["form"] = "form"
    id: str
    name: str
    design: dict[str, Any]
    version: int = Field(description="The number of what is shown now.")
    url: str = Field(description="Of its page.")
    sign_ups: int = Field(description="How many people sent it in.")
    last_sign_up_at: AwareDatetime | None
    created_at: AwareDatetime
    archived_at: AwareDatetime | None = Field(description="When it was closed.")


class FormVersionShown(Shown):
    """What a form showed from one change to the next; consent records refer to it."""

    object: Literal["form_version"] = "form_version"
    id: str
    number: int
    design: dict[str, Any]
    created_at: AwareDatetime


class FormQuery(PageQuery):
    """Which forms are asked for."""

    archived: bool = Field(False, description="Those that were closed, rather than those that are open.")


class NewForm(Given):
    """A form to be opened."""

    name: Line = Field(min_length=1, max_length=120, examples=["Counter"])
    design: dict[str, Any] = Field(
        description="What it leads to, asks and says: list_ids, inputs, languages, words by language, look.",
        examples=[
            {
                "list_ids": ["lst_01k2m8w5c4e0t9q7y3x6v1b2n8"],
                "inputs": [{"key": "name", "asking": "optional"}],
                "words": {"en": {"title": "Fresh bread by mail", "button": "Sign up"}},
            }
        ],
    )


FormChanges = changes_of(NewForm, "FormChanges")
FormPage = list_of(FormShown, "FormPage")
FormVersionPage = list_of(FormVersionShown, "FormVersionPage")


@bp.get("/forms")
@bp.input(FormQuery, location="query")
@bp.output(FormPage)
def index_forms(query_data: FormQuery) -> dict[str, Any]:
    """Read the forms, newest first."""
    found = queries.select_forms(g.workspace.id, is_archive=query_data.archived)
    return page(found, Form, query_data, _shown_all)


@bp.post("/forms", endpoint="create_form")
@idempotent
@bp.input(NewForm)
@bp.output(FormShown, status_code=201)
def post_form(json_data: NewForm) -> FormShown:
    """Open a form; its page takes people in at once."""
    design = read_design(json_data.design)
    return _shown(save_form.create_form(g.workspace.id, json_data.name, design, by=g.api_key.created_by_id))


@bp.get("/forms/<form_id>")
@bp.output(FormShown)
def show_form(form_id: str) -> FormShown:
    """Read one form."""
    return _shown(_form(form_id))


@bp.patch("/forms/<form_id>", endpoint="update_form")
@bp.input(FormChanges)
@bp.output(FormShown)
def patch_form(form_id: str, json_data: Given) -> FormShown:
    """Change a form; what it showed before stays as a version."""
    form, changes = _form(form_id), given(json_data)
    design = read_design(changes["design"]) if "design" in changes else queries.design_of(form)
    save_form.save_form(form, changes.get("name", form.name), design, by=g.api_key.created_by_id)
    db.session.commit()
    return _shown(form)


@bp.post("/forms/<form_id>/close", endpoint="close_form")
@idempotent
@bp.output(FormShown)
def close(form_id: str) -> FormShown:
    """Take nobody in by a form any more; what it showed is kept."""
    form = _form(form_id)
    save_form.close_form(form, now=utcnow())
    return _shown(form)


@bp.post("/forms/<form_id>/reopen", endpoint="reopen_form")
@idempotent
@bp.output(FormShown)
def reopen(form_id: str) -> FormShown:
    """Take people in again."""
    form = _form(form_id)
    save_form.reopen_form(form)
    return _shown(form)


@bp.get("/forms/<form_id>/versions", endpoint="index_form_versions")
@bp.input(PageQuery, location="query")
@bp.output(FormVersionPage)
def index_versions(form_id: str, query_data: PageQuery) -> dict[str, Any]:
    """Read what a form showed, newest first."""
    found = queries.versions_of(_form(form_id))
    return page(found, FormVersion, query_data, FormVersionShown.each_of)


@bp.get("/forms/<form_id>/versions/<version_id>", endpoint="show_form_version")
@bp.output(FormVersionShown)
def show_version(form_id: str, version_id: str) -> FormVersionShown:
    """Read one version."""
    return FormVersionShown.of(queries.version_by_id(g.workspace.id, version_id, of=_form(form_id)))


@bp.post("/forms/<form_id>/versions/<version_id>/restore", endpoint="restore_form_version")
@idempotent
@bp.output(FormShown)
def restore_version(form_id: str, version_id: str) -> FormShown:
    """Show again what a form showed before, as its newest version."""
    form = _form(form_id)
    version = queries.version_by_id(g.workspace.id, version_id, of=form)
    save_form.restore_version(version, by=g.api_key.created_by_id)
    return _shown(form)


def _form(form_id: str) -> Form:
    return queries.form_by_id(g.workspace.id, form_id)


def _shown(form: Form) -> FormShown:
    return _shown_all([form])[0]


def _shown_all(forms: list[Form]) -> list[FormShown]:
    figures = queries.figures_of(g.workspace.id, now=utcnow())
    return [_with_figures(form, figures.get(form.id, queries.Figures())) for form in forms]


def _with_figures(form: Form, figures: queries.Figures) -> FormShown:
    newest = queries.newest_version(form)
    return FormShown.of(
        form,
        design=newest.design,
        version=newest.number,
        url=f"{settings().base_url}{url_for('signup.show', form_id=form.public_id)}",
        sign_ups=figures.total,
        last_sign_up_at=figures.last_at,
    )
