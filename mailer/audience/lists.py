"""Making, changing and retiring mailing lists."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, true

from mailer.audience.models import MailingList, OptIn, Visibility
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.lines import clean_line

DEFAULT_CONSENT_WORDS = (
    "I would like to receive “{list}” from {workspace} by email. "
    "I can unsubscribe at any time with one click."
)


@dataclass(frozen=True)
class ListSettings:
    """What is chosen about a list, when it is made and whenever it is changed.

    :ivar consent_words: beside its sign-up button; empty for the usual words
    :ivar welcome_body: Markdown; empty, like its subject, to send no welcome
    :ivar most_per_day: campaigns that one person gets within 24 hours; None for any number
    :ivar most_per_week: the same within 7 days
    """

    name: str
    description: str = ""
    opt_in: OptIn = OptIn.DOUBLE
    visibility: Visibility = Visibility.PUBLIC
    consent_words: str = ""
    welcome_subject: str = ""
    welcome_body: str = ""
    most_per_day: int | None = None
    most_per_week: int | None = None


def create_list(workspace_id: UUID, chosen: ListSettings) -> MailingList:
    """Make a list.

    :raises Invalid: as :func:`update_list`
    """
    mailing_list = MailingList(workspace_id=workspace_id)
    update_list(mailing_list, chosen)
    db.session.add(mailing_list)
    db.session.flush()
    return mailing_list


def update_list(mailing_list: MailingList, chosen: ListSettings) -> None:
    """Change a list. Subscriptions that exist keep how they began.

    :raises Invalid: the name is missing, too long or taken; a text is too long; half a welcome is given
    """
    name = clean_line(chosen.name, label="The name", longest=120, is_required=True)
    _refuse_taken(mailing_list, name)
    _refuse_half_a_welcome(chosen)
    mailing_list.name = name
    mailing_list.description = clean_line(chosen.description, label="The description", longest=500)
    mailing_list.opt_in, mailing_list.visibility = chosen.opt_in, chosen.visibility
    mailing_list.consent_words = clean_line(chosen.consent_words, label="The words of consent", longest=1000)
    mailing_list.welcome_subject = clean_line(
        chosen.welcome_subject, label="The welcome subject", longest=200
    )
    mailing_list.welcome_body = chosen.welcome_body.replace("\r\n", "\n").replace("\0", "").strip()
    mailing_list.most_per_day, mailing_list.most_per_week = chosen.most_per_day, chosen.most_per_week


def archive_list(mailing_list: MailingList, *, now: datetime) -> None:
    """Retire a list: no sign-ups, no campaigns; its subscriptions and proofs stay."""
    mailing_list.archived_at = mailing_list.archived_at or now


def restore_list(mailing_list: MailingList) -> None:
    """Bring a retired list back."""
    mailing_list.archived_at = None


def consent_words(mailing_list: MailingList) -> str:
    """Return the words that stand beside the sign-up button of a list."""
    return mailing_list.consent_words or DEFAULT_CONSENT_WORDS.format(
        list=mailing_list.name, workspace=mailing_list.workspace.name
    )


def _refuse_taken(mailing_list: MailingList, name: str) -> None:
    is_another = MailingList.id != mailing_list.id if mailing_list.id else true()
    with db.session.no_autoflush:
        taken = db.session.scalar(
            select(MailingList.id).where(
                MailingList.workspace_id == mailing_list.workspace_id,
                func.lower(MailingList.name) == func.lower(name),
                is_another,
            )
        )
    if taken is not None:
        sentence = f"There is already a list named “{name}”."
        raise Invalid(sentence, fields={"name": sentence})


def _refuse_half_a_welcome(chosen: ListSettings) -> None:
    subject, body = chosen.welcome_subject.strip(), chosen.welcome_body.strip()
    if bool(subject) != bool(body):
        sentence = "A welcome mail needs both a subject and words; leave both empty to send none."
        raise Invalid(sentence, fields={"welcome_body" if subject else "welcome_subject": sentence})
