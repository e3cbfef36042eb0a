"""Publishing a template: from now on campaigns take it as it is. Earlier versions stay and can return."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from mailer.composing.models import Template, TemplateVersion
from mailer.db import db
from mailer.errors import Conflict
from mailer.rendering.design import Design
from mailer.rendering.freeze import check_layout, freeze


def publish_template(template: Template, *, by: UUID | None = None, note: str = "") -> TemplateVersion:
    """Let campaigns take a template's draft as it is.

    :param by: the user who publishes it
    :param note: what is new, in their words
    :raises Invalid: no campaign could be sent with it, with what is wrong and where
    :raises Conflict: nothing has changed since it was published
    """
    db.session.flush()
    db.session.refresh(template, with_for_update=True)
    if not template.is_changed:
        raise Conflict("Nothing has changed since this template was published.")
    _check(template)
    version = TemplateVersion(
        template=template,
        number=template.version + 1,
        note=" ".join(note.split())[:200],
        design=template.design,
        html=template.html,
        created_by_id=by,
    )
    template.version = version.number
    db.session.add(version)
    db.session.flush()
    db.session.refresh(template, ["versions", "published"])
    return version


def roll_back(version: TemplateVersion, *, by: UUID | None = None) -> TemplateVersion:
    """Publish a version again that was published before, as the newest; what came between stays.

    :raises Conflict: it is what campaigns take now
    """
    template = version.template
    template.design, template.html = version.design, version.html
    template.revision += 1
    return publish_template(template, by=by, note=f"Back to version {version.number}")


def discard_changes(template: Template) -> None:
    """Begin the draft again from the version published last.

    :raises Conflict: it was never published
    """
    last = template.published
    if last is None:
        raise Conflict("This template was never published; archive it instead.")
    template.design, template.html = last.design, last.html
    template.revision += 1
    db.session.flush()


def count_use(template: Template, *, now: datetime) -> None:
    """Count a campaign that is sent with a template."""
    db.session.execute(
        update(Template)
        .where(Template.id == template.id)
        # Its draft has not changed.
        .values(use_count=Template.use_count + 1, used_at=now, updated_at=Template.updated_at)
    )


def _check(template: Template) -> None:
    document = template.document
    if document is None:
        check_layout(template.html)
    else:
        freeze(Design(subject="", preheader="", body="", format=template.format, document=document))
