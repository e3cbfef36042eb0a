"""What is asked of sign-up forms. The workspace comes first, so that none is forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, select

from mailer.audience.models import MailingList, Subscription, SubscriptionStatus
from mailer.consent.models import ConsentRecord
from mailer.db import db, owned
from mailer.signup.designs import Design, read_design
from mailer.signup.models import Form, FormVersion, SignUp

_LATELY: Final = timedelta(days=30)


@dataclass(frozen=True)
class Figures:
    """How a form does: people who sent it in, in all and lately, and when the last one did."""

    total: int = 0
    lately: int = 0
    last_at: datetime | None = None


def select_forms(workspace_id: UUID, *, is_archive: bool = False) -> Select[Form]:
    """Return the select of the forms that take people in, or of those that were closed, not yet ordered."""
    return select(Form).where(
        Form.workspace_id == workspace_id,
        Form.archived_at.is_not(None) if is_archive else Form.archived_at.is_(None),
    )


def forms_of(workspace_id: UUID, *, is_archive: bool = False) -> Sequence[Form]:
    """Return the forms that take people in, or those that were closed; the newest first."""
    return db.session.scalars(
        select_forms(workspace_id, is_archive=is_archive).order_by(Form.id.desc())
    ).all()


def form_by_id(workspace_id: UUID, public_id: str) -> Form:
    """Return one of the workspace's forms.

    :raises NotFound: there is none with this id
    """
    return owned(Form, workspace_id, public_id, otherwise="There is no such form.")


def versions_of(form: Form) -> Select[FormVersion]:
    """Return the select of what a form showed, not yet ordered."""
    return select(FormVersion).where(FormVersion.form_id == form.id)


def version_by_id(workspace_id: UUID, public_id: str, *, of: Form | None = None) -> FormVersion:
    """Return what one of the workspace's forms once showed.

    :param of: the form, where it is known
    :raises NotFound: there is no such version
    """
    is_its = () if of is None else (FormVersion.form_id == of.id,)
    return owned(
        FormVersion, workspace_id, public_id, *is_its, otherwise="There is no such version of a form."
    )


def newest_version(form: Form) -> FormVersion:
    """Return what a form shows now."""
    return db.session.scalars(
        select(FormVersion).where(FormVersion.form_id == form.id).order_by(FormVersion.number.desc()).limit(1)
    ).one()


def design_of(form: Form) -> Design:
    """Return the design of what a form shows now."""
    return read_design(newest_version(form).design)


def figures_of(workspace_id: UUID, *, now: datetime) -> dict[UUID | None, Figures]:
    """Return how the workspace's forms do, by form."""
    is_late = SignUp.created_at >= now - _LATELY
    rows = db.session.execute(
        select(
            SignUp.form_id,
            func.count(),
            func.count().filter(is_late),
            func.max(SignUp.created_at),
        )
        .where(SignUp.workspace_id == workspace_id, SignUp.form_id.is_not(None))
        .group_by(SignUp.form_id)
    )
    return {form_id: Figures(total, lately, last) for form_id, total, lately, last in rows}


def places_of(form: Form) -> Sequence[tuple[str, int]]:
    """Return the places and campaigns that people came from, with how many did; the most first."""
    rows = db.session.execute(
        select(SignUp.place, func.count().label("people"))
        .where(SignUp.form_id == form.id, SignUp.place != "")
        .group_by(SignUp.place)
        .order_by(func.count().desc())
        .limit(20)
    )
    return [(row.place, row.people) for row in rows]


def confirmed_count(form: Form) -> int:
    """Return how many of those who came by a form receive a list of it now."""
    came = select(ConsentRecord.subscriber_id).where(
        ConsentRecord.workspace_id == form.workspace_id,
        ConsentRecord.form_version_id.in_(select(FormVersion.id).where(FormVersion.form_id == form.id)),
    )
    return (
        db.session.scalar(
            select(func.count(Subscription.subscriber_id.distinct())).where(
                Subscription.workspace_id == form.workspace_id,
                Subscription.status == SubscriptionStatus.ACTIVE,
                Subscription.subscriber_id.in_(came),
            )
        )
        or 0
    )


def lists_of(workspace_id: UUID, design: Design) -> list[MailingList]:
    """Return the lists that a design leads to and that are open, in its order."""
    by_id = {
        row.public_id: row
        for row in db.session.scalars(
            select(MailingList).where(
                MailingList.workspace_id == workspace_id, MailingList.archived_at.is_(None)
            )
        )
    }
    return [by_id[public_id] for public_id in design.list_ids if public_id in by_id]
