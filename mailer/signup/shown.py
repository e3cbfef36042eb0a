"""A form as somebody meets it: a list's own page or a designed form, in one language."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from sqlalchemy import select

from mailer.accounts.models import Workspace
from mailer.audience.models import Field, MailingList, OptIn
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.audience.queries.lists import public_list
from mailer.db import db
from mailer.errors import NotFound
from mailer.lib.ids import parse_id
from mailer.signup.designs import LANGUAGES, Asking, Box, Design, Input, Words, read_design
from mailer.signup.models import Form, FormVersion
from mailer.signup.queries import lists_of, newest_version
from mailer.web.languages import quoted
from mailer.web.languages import translated as _


@dataclass(frozen=True)
class ShownForm:
    """What a page shows and what its sending means.

    :param public_id: of the form, or of the list whose own page it is
    :param version: what a consent record will refer to; None for a list's own page
    """

    public_id: str
    workspace: Workspace
    lists: Sequence[MailingList]
    design: Design
    language: str
    form: Form | None = None
    version: FormVersion | None = None

    @cached_property
    def words(self) -> Words:
        """The marketer's words in this language."""
        return self.design.words_in(self.language)

    @property
    def title(self) -> str:
        """The heading: the marketer's, or the one list's name."""
        return self.words.title or (self.lists[0].name if len(self.lists) == 1 else self.workspace.name)

    @property
    def intro(self) -> str:
        """What stands below the heading."""
        return self.words.intro or (self.lists[0].description if len(self.lists) == 1 else "")

    @property
    def button(self) -> str:
        """What stands on the button."""
        return self.words.button or _("Subscribe")

    @property
    def boxes(self) -> Sequence[Box]:
        """What has to be, or may be, agreed to by ticking."""
        return self.words.boxes

    @property
    def is_double(self) -> bool:
        """Whether a mail asks for a confirmation, on any of the lists."""
        return any(mailing_list.opt_in is OptIn.DOUBLE for mailing_list in self.lists)

    @cached_property
    def fields(self) -> list[tuple[Field | None, Input]]:
        """What is asked besides the address, in order; the name has no field."""
        by_key = {field.key: field for field in fields_of(self.workspace.id)}
        asked = [each for each in self.design.inputs if each.asking is not Asking.LATER]
        return [(by_key.get(each.key), each) for each in asked if each.key == "name" or each.key in by_key]

    @property
    def consent(self) -> str:
        """The sentence beside the button."""
        if self.words.consent:
            return self.words.consent
        if len(self.lists) == 1 and self.lists[0].consent_words:
            return self.lists[0].consent_words
        if self.design.is_choice:
            return _(
                "I would like to receive what I ticked from %(workspace)s by email. "
                "I can unsubscribe at any time with one click."
            ) % {"workspace": self.workspace.name}
        return _(
            "I would like to receive %(lists)s from %(workspace)s by email. "
            "I can unsubscribe at any time with one click."
        ) % {"lists": quoted(each.name for each in self.lists), "workspace": self.workspace.name}

    @property
    def thanks(self) -> str:
        """What is said to whoever has signed up: the marketer's words, or what happens next."""
        if self.words.thanks_text:
            return self.words.thanks_text
        sent = _(
            "We have sent a mail to your address. "
            "Press the button in it, and you will receive what you ticked."
        )
        if self.design.is_choice:
            return sent if self.is_double else _("You will receive what you ticked from now on.")
        sent = _(
            "We have sent a mail to your address. Press the button in it, and you will receive %(lists)s."
        )
        words = sent if self.is_double else _("You will receive %(lists)s from now on.")
        return words % {"lists": quoted(each.name for each in self.lists)}

    def record_words(self, chosen: Collection[MailingList], ticked: Collection[int]) -> str:
        """Return all that was before somebody's eyes, with what they ticked: what their proof keeps."""
        lines = [self.title, self.intro]
        if self.design.is_choice:
            lines += [f"{_mark(each in chosen)} {each.name}" for each in self.lists]
        lines += [f"{_mark(number in ticked)} {box.words}" for number, box in enumerate(self.boxes)]
        return "\n".join(line for line in [*lines, self.consent, f"[ {self.button} ]"] if line)


def shown_form(public_id: str, language: str) -> ShownForm:
    """Return the form, or the public list, that an address names.

    :param language: the one that its reader prefers
    :raises NotFound: there is none, or it is closed
    """
    shown = _designed(public_id, language) or _of_list(public_id, language)
    if shown is None or not shown.lists:
        raise NotFound(_("There is no sign-up page here. Perhaps the list was closed."))
    return shown


def shown_version(version: FormVersion, language: str) -> ShownForm:
    """Return a form as one of its versions showed it."""
    design = read_design(version.design)
    return ShownForm(
        public_id=version.form.public_id,
        workspace=version.form.workspace,
        lists=lists_of(version.workspace_id, design),
        design=design,
        language=design.language_for(language),
        form=version.form,
        version=version,
    )


def shown_draft(form: Form | None, workspace: Workspace, design: Design, language: str) -> ShownForm:
    """Return a form as it would be shown if it were saved now."""
    return ShownForm(
        public_id=form.public_id if form else "",
        workspace=workspace,
        lists=lists_of(workspace.id, design),
        design=design,
        language=design.language_for(language),
        form=form,
    )


def _designed(public_id: str, language: str) -> ShownForm | None:
    identifier = parse_id(Form.prefix, public_id)
    form = db.session.scalar(select(Form).where(Form.id == identifier, Form.archived_at.is_(None)))
    return shown_version(newest_version(form), language) if form else None


def _of_list(public_id: str, language: str) -> ShownForm | None:
    mailing_list = public_list(public_id)
    if mailing_list is None:
        return None
    design = Design(list_ids=(mailing_list.public_id,), inputs=(Input(key="name"),), languages=LANGUAGES)
    return ShownForm(
        public_id=public_id,
        workspace=mailing_list.workspace,
        lists=[mailing_list],
        design=design,
        language=design.language_for(language),
    )


def _mark(is_ticked: bool) -> str:
    return "☑" if is_ticked else "☐"


def version_id(shown: ShownForm) -> UUID | None:
    """Return the id that a consent record keeps."""
    return shown.version.id if shown.version else None
