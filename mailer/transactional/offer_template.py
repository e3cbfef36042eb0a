"""Offering a template to programs, under a name of their own."""

import re
from typing import Final

from sqlalchemy import select

from mailer.composing.models import Template
from mailer.db import db
from mailer.errors import Conflict, Invalid
from mailer.lib.lines import clean_line
from mailer.rendering.language import BadTag, check
from mailer.transactional.models import TemplateUse
from mailer.transactional.queries import use_of

_ALIAS: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


def offer_template(template: Template, *, alias: str, subject: str) -> None:
    """Let programs ask for a template by an alias, and give it a subject.

    :param alias: empty where its id is enough
    :raises Invalid: the alias cannot be one, or the subject is not in the merge language
    :raises Conflict: another template of the workspace has the alias
    """
    alias = alias.strip()
    if alias and not _ALIAS.fullmatch(alias):
        sentence = "An alias has lower-case letters, digits, dots and dashes, such as “order-receipt”."
        raise Invalid(sentence, fields={"alias": sentence})
    subject = clean_line(subject, label="The subject", longest=500)
    try:
        check(subject)
    except BadTag as error:
        raise Invalid(error.message, fields={"subject": error.message}) from None
    taken = select(TemplateUse.template_id).where(
        TemplateUse.workspace_id == template.workspace_id,
        TemplateUse.alias == alias,
        TemplateUse.template_id != template.id,
    )
    if alias and db.session.scalar(taken) is not None:
        sentence = f"Another template is called “{alias}” by programs."
        raise Conflict(sentence, fields={"alias": sentence})
    use = use_of(template)
    use.alias, use.subject = alias or None, subject
    db.session.add(use)
    db.session.flush()
