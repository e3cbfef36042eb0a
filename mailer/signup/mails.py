"""The confirmation and the welcome in the words of the form that somebody filled in."""

from typing import Any

from sqlalchemy import select

from mailer import signals
from mailer.audience.models import Subscription
from mailer.consent.confirm import CONFIRMATION_LIFETIME
from mailer.consent.models import ConsentRecord
from mailer.consent.own_words import Kind, OwnWords
from mailer.current import links
from mailer.db import db
from mailer.lib.system_mail import SystemMail
from mailer.signup.designs import read_design
from mailer.signup.models import FormVersion
from mailer.signup.shown import ShownForm


@signals.mail_words_wanted.connect
def words_of_form(subscription: Subscription, *, kind: Kind, **_: Any) -> OwnWords | None:
    """Say what the form says of this mail, in the language that it was filled in."""
    row = db.session.execute(
        select(FormVersion.design, ConsentRecord.locale)
        .join(ConsentRecord, ConsentRecord.form_version_id == FormVersion.id)
        .where(
            ConsentRecord.subscriber_id == subscription.subscriber_id,
            ConsentRecord.list_id == subscription.list_id,
        )
        .order_by(ConsentRecord.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    design = read_design(row.design)
    words = design.words_in(design.language_for(row.locale))
    subject, body = getattr(words, f"{kind}_subject"), getattr(words, f"{kind}_body")
    return OwnWords(subject, body) if subject and body else None


def preview_mail(shown: ShownForm, kind: Kind) -> str:
    """Return one of a form's mails as its readers would see it; nothing when none would be sent."""
    words = shown.words
    subject, body = getattr(words, f"{kind}_subject"), getattr(words, f"{kind}_body")
    own = OwnWords(subject, body) if subject and body else None
    first = shown.lists[0]
    if kind == "welcome" and own is None:
        own = OwnWords(first.welcome_subject, first.welcome_body) if first.welcome_body else None
        if own is None:
            return ""
    if kind == "confirm" and not shown.is_double:
        return ""
    by_kind: dict[str, dict[str, Any]] = {
        "confirm": {
            "own": own,
            "list_names": [each.name for each in shown.lists],
            "list_description": first.description if len(shown.lists) == 1 else "",
            "consent_words": shown.record_words(shown.lists, ()),
            "workspace_name": shown.workspace.name,
            "confirm_url": f"{links().base_url}/confirm/…",
            "lifetime_days": CONFIRMATION_LIFETIME.days,
        },
        "welcome": {
            "subject": own.subject if own else "",
            "words": own.body if own else "",
            "list_name": first.name,
            "preferences_url": "#",
        },
    }
    mail = SystemMail(
        template="confirm_subscription" if kind == "confirm" else "welcome",
        workspace_id=shown.workspace.id,
        to="",
        language=shown.language,
        values=by_kind[kind],
    )
    return next((html for _receiver, html in signals.mail_preview_wanted.send(mail)), "")
