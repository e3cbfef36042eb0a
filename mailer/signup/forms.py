"""What people type on a sign-up page, and what a marketer chooses when designing one."""

from collections.abc import Sequence
from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length

from mailer.audience.forms import SubscriberForm, subscriber_form
from mailer.audience.models import Field, MailingList
from mailer.current import settings
from mailer.errors import Invalid
from mailer.lib.addresses import clean_address
from mailer.lib.lines import clean_line
from mailer.lib.mail_domains import is_disposable, likely_meant, takes_mail
from mailer.rendering.blocks.document import FONT_NAMES
from mailer.signup.designs import LANGUAGES, MOST_BOXES, Asking, Design, read_design
from mailer.signup.shown import ShownForm
from mailer.web.languages import translated as _

#: Where somebody came from, as the page or our script tells it.
SOURCES: Final = ("page", "referrer", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


class EntryForm(SubscriberForm):
    """An address, and what else the form asks.

    Without a form token: there is no session that another site could misuse, and other
    sites are meant to send this form.
    """

    class Meta:
        """No token."""

        csrf = False

    email = EmailField()
    name = StringField()
    locale = time_zone = tags = None  # type: ignore[assignment]
    #: Filled in by programs alone; people neither see nor reach it.
    website = StringField("Leave this empty")
    opened = HiddenField()
    #: The address that was asked about, when its owner says that it is meant so.
    meant = HiddenField()
    #: The answer to a riddle.
    solution = HiddenField()
    place = HiddenField()
    page = HiddenField()
    referrer = HiddenField()
    utm_source = HiddenField()
    utm_medium = HiddenField()
    utm_campaign = HiddenField()
    utm_term = HiddenField()
    utm_content = HiddenField()

    shown: ShownForm
    #: What was probably meant instead of the address.
    suggestion: str = ""
    chosen_ids: Sequence[str] = ()
    ticked: Sequence[int] = ()
    box_errors: dict[int, str]
    list_error: str = ""

    def validate(self, extra_validators: Any = None) -> bool:
        """Check what the browser was asked to, and what only we can."""
        is_valid = super().validate(extra_validators)
        self._check_address()
        self._check_inputs()
        self.box_errors = {
            number: _("Please tick this to go on.")
            for number, box in enumerate(self.shown.boxes)
            if box.is_required and number not in self.ticked
        }
        if self.shown.design.is_choice and not self.lists():
            self.list_error = _("Choose at least one.")
        return bool(is_valid and not self.errors and not self.box_errors and not self.list_error)

    def lists(self) -> list[MailingList]:
        """Return the lists that are joined."""
        if not self.shown.design.is_choice:
            return list(self.shown.lists)
        return [each for each in self.shown.lists if each.public_id in self.chosen_ids]

    def answers(self) -> dict[str, Any]:
        """Return what was typed besides the address: a name and fields."""
        return {
            "name": self.name.data or "",
            "fields": {each.name.removeprefix("fields."): each.data for each in self.custom() if each.data},
        }

    def source(self) -> dict[str, str]:
        """Return where they came from."""
        told = {name: (self[name].data or "").replace("\0", "")[:500] for name in SOURCES}
        return {name: value for name, value in told.items() if value}

    def _check_address(self) -> None:
        typed = (self.email.data or "").strip()
        if not typed:
            self._refuse("email", _("Write the address that the mails should go to."))
            return
        try:
            domain = clean_address(typed).rpartition("@")[2]
        except Invalid:
            self._refuse("email", _("This is not an email address."))
            return
        if self.meant.data != typed and (meant := likely_meant(domain)):
            self.suggestion = f"{typed.rpartition('@')[0]}@{meant}"
            self._refuse("email", _("Did you mean %(address)s?") % {"address": self.suggestion})
        elif is_disposable(domain):
            self._refuse("email", _("This address lasts for minutes only; please use your own."))
        elif settings().check_mail_domains and not takes_mail(domain):
            self._refuse("email", _("No mail can be sent to this domain; is it spelled right?"))

    def _check_inputs(self) -> None:
        try:
            clean_line(self.name.data or "", label=_("Your name"), longest=200)
        except Invalid as error:
            self._refuse("name", error.message)
        for field, asked in self.shown.fields:
            name = f"fields.{field.key}" if field else "name"
            is_needed = asked.asking is Asking.REQUIRED or bool(field and field.is_required)
            if is_needed and not self[name].data:
                self._refuse(name, _("This is needed."))

    def _refuse(self, name: str, sentence: str) -> None:
        self[name].errors = [*self[name].errors, sentence]


def entry_form(shown: ShownForm, given: Any) -> EntryForm:
    """Return the form of a page.

    :param given: what was sent, or what a link filled in beforehand
    """
    asked = [field for field, _asking in shown.fields if field is not None]
    form: Any = subscriber_form(asked, base=EntryForm)
    form.process(given)
    form.shown, form.box_errors = shown, {}
    form.email.label.text, form.name.label.text = _("Email address"), _("Your name")
    form.chosen_ids = given.getlist("lists")[:50]
    form.ticked = [number for number in range(MOST_BOXES) if given.get(f"box{number}")]
    return form


class DesignForm(FlaskForm):
    """A sign-up form as it is designed; words are those of one language at a time."""

    name = StringField("Name", [DataRequired("Give it a name."), Length(max=120)])
    is_choice = RadioField(
        "Lists", choices=[("all", "They join all of them"), ("choose", "They choose")], default="all"
    )
    title = StringField("Heading", [Length(max=200)])
    intro = TextAreaField("Below it", [Length(max=2_000)])
    consent = TextAreaField("Words of consent", [Length(max=2_000)])
    button = StringField("Button", [Length(max=200)])
    thanks_title = StringField("Heading afterwards", [Length(max=200)])
    thanks_text = TextAreaField("Below it", [Length(max=2_000)])
    confirm_subject = StringField("Subject", [Length(max=200)])
    confirm_body = TextAreaField("Words", [Length(max=20_000)])
    welcome_subject = StringField("Subject", [Length(max=200)])
    welcome_body = TextAreaField("Words", [Length(max=20_000)])
    after_url = StringField("Address", [Length(max=2_000)])
    hosts = TextAreaField("Sites")
    accent = StringField("Colour", [Length(max=7)])
    is_brand = BooleanField("In the colour of the brand")
    font = SelectField("Font", choices=[("", "The brand’s"), *FONT_NAMES.items()])
    has_logo = BooleanField("With the logo of the brand")
    corners = RadioField(
        "Corners", choices=[("square", "Square"), ("soft", "Soft"), ("round", "Round")], default="soft"
    )
    theme = RadioField(
        "Brightness",
        choices=[("auto", "As the reader’s device"), ("light", "Light"), ("dark", "Dark")],
        default="auto",
    )
    has_sheet = BooleanField("On a sheet of its own")

    @classmethod
    def showing(cls, name: str, design: Design, language: str, *, accent: str) -> "DesignForm":
        """Return the form as a design fills it in."""
        words = design.words.get(language)  # type: ignore[call-overload]
        return cls(
            formdata=None,
            name=name,
            is_choice="choose" if design.is_choice else "all",
            after_url=design.after_url,
            hosts="\n".join(design.hosts),
            accent=design.look.accent or accent,
            is_brand=not design.look.accent,
            font=design.look.font,
            has_logo=design.look.has_logo,
            corners=design.look.corners,
            theme=design.look.theme,
            has_sheet=design.look.has_sheet,
            **(words.model_dump(exclude={"boxes"}) if words else {}),
        )

    def design(self, given: Any, before: Design | None, language: str, fields: Sequence[Field]) -> Design:
        """Return the design that was typed; words of other languages stay as they were.

        :raises Invalid: with what is wrong by field
        """
        words = {key: each.model_dump(mode="json") for key, each in (before.words if before else {}).items()}
        words[language] = {  # type: ignore[index]
            **{name: (self[name].data or "").replace("\r\n", "\n") for name in _WORDS},
            "boxes": _boxes(given),
        }
        asked = [("name", given.get("asks.name", ""))]
        asked += [(field.key, given.get(f"asks.{field.key}", "")) for field in fields]
        languages = [tag for tag in given.getlist("languages") if tag in LANGUAGES]
        first = given.get("first_language", "")
        hosts = [line.strip().lower() for line in (self.hosts.data or "").splitlines() if line.strip()]
        return read_design(
            {
                "list_ids": given.getlist("list_ids"),
                "is_choice": self.is_choice.data == "choose",
                "inputs": [{"key": key, "asking": asking} for key, asking in asked if asking in set(Asking)],
                "languages": sorted(languages or ["en"], key=lambda tag: tag != first),
                "words": words,
                "hosts": [
                    host.removeprefix("https://").removeprefix("http://").rstrip("/") for host in hosts
                ],
                "after_url": (self.after_url.data or "").strip(),
                "look": {
                    "accent": "" if self.is_brand.data else (self.accent.data or "").lower(),
                    "font": self.font.data or "",
                    "has_logo": bool(self.has_logo.data),
                    "corners": self.corners.data,
                    "theme": self.theme.data,
                    "has_sheet": bool(self.has_sheet.data),
                },
            }
        )


_WORDS: Final = (
    *("title", "intro", "consent", "button", "thanks_title", "thanks_text"),
    *("confirm_subject", "confirm_body", "welcome_subject", "welcome_body"),
)


def _boxes(given: Any) -> list[dict[str, Any]]:
    typed = ((given.get(f"box{number}.words", ""), number) for number in range(MOST_BOXES))
    return [
        {"words": words.replace("\r\n", "\n"), "is_required": bool(given.get(f"box{number}.is_required"))}
        for words, number in typed
        if words.strip()
    ]
