"""Making, changing and retiring mailing lists."""

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


def create_list(
    workspace_id: UUID,
    name: str,
    *,
    description: str = "",
    opt_in: OptIn = OptIn.DOUBLE,
    visibility: Visibility = Visibility.PUBLIC,
    consent_words: str = "",
    welcome_subject: str = "",
    welcome_body: str = "",
    most_per_day: int | None = None,
    most_per_week: int | None = None,
) -> MailingList:
    """Make a list.

    :raises Invalid: the name is missing, too long or taken
    """
    mailing_list = MailingList(workspace_id=workspace_id)
    update_list(
        mailing_list,
        name=name,
        description=description,
        opt_in=opt_in,
        visibility=visibility,
        consent_words=consent_words,
        welcome_subject=welcome_subject,
        welcome_body=welcome_body,
        most_per_day=most_per_day,
        most_per_week=most_per_week,
    )
    db.session.add(mailing_list)
    db.session.flush()
    return mailing_list


def update_list(
    mailing_list: MailingList,
    *,
    name: str,
    description: str,
    opt_in: OptIn,
    visibility: Visibility,
    consent_words: str,
    welcome_subject: str = "",
    welcome_body: str = "",
    most_per_day: int | None = None,
    most_per_week: int | None = None,
) -> None:
    """Change a list. Subscriptions that exist keep how they began.

    :raises Invalid: the name is missing, too long or taken
    """
    name = clean_line(name, label="The name", longest=120, is_required=True)
    _refuse_taken(mailing_list, name)
    if bool(welcome_subject.strip()) != bool(welcome_body.strip()):
        missing = "welcome_body" if welcome_subject.strip() else "welcome_subject"
        sentence = "A welcome mail needs both a subject and words; leave both empty to send none."
        raise Invalid(sentence, fields={missing: sentence})
    mailing_list.name = name
    mailing_list.most_per_day, mailing_list.most_per_week = most_per_day, most_per_week
    mailing_list.description = clean_line(description, label="The description", longest=500)
    mailing_list.opt_in = opt_in
    mailing_list.visibility = visibility
    mailing_list.consent_words = clean_line(consent_words, label="The words of consent", longest=1000)
    mailing_list.welcome_subject = clean_line(welcome_subject, label="The welcome subject", longest=200)
    mailing_list.welcome_body = welcome_body.replace("\r\n", "\n").replace("\0", "").strip()


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
