"""What the forms of a workspace ask people for."""

from typing import Any

from sqlalchemy import func, select

from mailer import signals
from mailer.audience.models import Subscriber
from mailer.db import db
from mailer.signup.designs import read_design
from mailer.signup.models import Form, FormVersion


@signals.questions_wanted.connect
def asked_by_forms(subscriber: Subscriber, **_: Any) -> list[str]:
    """Name what any open form asks for, now or once somebody has confirmed."""
    newest = (
        select(func.max(FormVersion.number))
        .where(FormVersion.form_id == Form.id)
        .correlate(Form)
        .scalar_subquery()
    )
    designs = db.session.scalars(
        select(FormVersion.design)
        .join(FormVersion.form)
        .where(
            Form.workspace_id == subscriber.workspace_id,
            Form.archived_at.is_(None),
            FormVersion.number == newest,
        )
    )
    return [each.key for design in designs for each in read_design(design).inputs]
