"""Making, changing and closing sign-up forms."""

from datetime import datetime
from uuid import UUID

from mailer.audience.queries.fields_and_tags import fields_of
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.lines import clean_line
from mailer.signup.designs import Design
from mailer.signup.models import Form, FormVersion
from mailer.signup.queries import lists_of, newest_version


def create_form(workspace_id: UUID, name: str, design: Design, *, by: UUID | None) -> Form:
    """Make a form.

    :raises Invalid: it has no name, or leads to lists that are not the workspace's
    """
    form = Form(workspace_id=workspace_id, name=_clean_name(name))
    _check(workspace_id, design)
    db.session.add(form)
    db.session.flush()
    _add_version(form, design, number=1, by=by)
    return form


def save_form(form: Form, name: str, design: Design, *, by: UUID | None) -> bool:
    """Change a form; what it showed before stays as a version.

    :return: whether it shows something else now
    :raises Invalid: it has no name, or leads to lists that are not the workspace's
    """
    form.name = _clean_name(name)
    _check(form.workspace_id, design)
    newest = newest_version(form)
    is_changed = newest.design != _stored(design)
    if is_changed:
        _add_version(form, design, number=newest.number + 1, by=by)
    return is_changed


def restore_version(version: FormVersion, *, by: UUID | None) -> None:
    """Show again what a form showed before."""
    newest = newest_version(version.form)
    if newest.design != version.design:
        db.session.add(
            FormVersion(
                workspace_id=version.workspace_id,
                form_id=version.form_id,
                number=newest.number + 1,
                design=version.design,
                created_by_id=by,
            )
        )
        db.session.flush()


def close_form(form: Form, *, now: datetime) -> None:
    """Take nobody in any more; versions and proofs stay."""
    form.archived_at = form.archived_at or now


def reopen_form(form: Form) -> None:
    """Take people in again."""
    form.archived_at = None


def _clean_name(name: str) -> str:
    return clean_line(name, label="The name", longest=120, is_required=True)


def _check(workspace_id: UUID, design: Design) -> None:
    if not lists_of(workspace_id, design):
        sentence = "Choose at least one list."
        raise Invalid(sentence, fields={"list_ids": sentence})
    known = {"name", *(field.key for field in fields_of(workspace_id))}
    unknown = [each.key for each in design.inputs if each.key not in known]
    if unknown:
        raise Invalid(f"There is no field “{unknown[0]}”.")


def _add_version(form: Form, design: Design, *, number: int, by: UUID | None) -> None:
    db.session.add(
        FormVersion(
            workspace_id=form.workspace_id,
            form_id=form.id,
            number=number,
            design=_stored(design),
            created_by_id=by,
        )
    )
    db.session.flush()


def _stored(design: Design) -> dict[str, object]:
    return design.model_dump(mode="json", exclude_defaults=True)
