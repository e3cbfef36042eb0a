"""What people type about lists, subscribers, fields and tags."""

from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from mailer.audience import models
from mailer.audience.fields import written_value
from mailer.audience.lists import ListSettings
from mailer.audience.models import Editor, Existing, FieldType, OptIn, Subscriber, Visibility

_required = DataRequired("This is needed.")

#: Words for what a field holds.
FIELD_TYPES = {
    FieldType.TEXT: "Text",
    FieldType.NUMBER: "Number",
    FieldType.DATE: "Date",
    FieldType.BOOLEAN: "Yes or no",
    FieldType.CHOICE: "One of some choices",
    FieldType.CHOICES: "Several of some choices",
    FieldType.URL: "Web address",
}
#: Words for who changes a value besides staff.
EDITORS = {
    Editor.ASKED: "The person, where a form asks for it",
    Editor.PERSON: "The person, always",
    Editor.STAFF: "Staff only",
}


class ListForm(FlaskForm):
    """A mailing list."""

    name = StringField("Name", [_required, Length(max=120)])
    description = TextAreaField("Description", [Length(max=500)])
    opt_in = RadioField(
        "How a subscription starts",
        choices=[(OptIn.DOUBLE.value, "Double opt-in"), (OptIn.SINGLE.value, "Single opt-in")],
        default=OptIn.DOUBLE.value,
    )
    visibility = RadioField(
        "Who sees it",
        choices=[(Visibility.PUBLIC.value, "Public"), (Visibility.PRIVATE.value, "Private")],
        default=Visibility.PUBLIC.value,
    )
    consent_words = TextAreaField("Words of consent", [Length(max=1000)])
    most_per_day = IntegerField("Campaigns within 24 hours", [Optional(), NumberRange(1, 100)])
    most_per_week = IntegerField("Campaigns within 7 days", [Optional(), NumberRange(1, 100)])
    welcome_subject = StringField("Subject", [Length(max=200)])
    welcome_body = TextAreaField("Words", [Length(max=20_000)])

    def chosen(self) -> ListSettings:
        """Return what was typed, as the verbs take it."""
        return ListSettings(
            name=self.name.data or "",
            description=" ".join((self.description.data or "").split()),
            opt_in=OptIn(self.opt_in.data),
            visibility=Visibility(self.visibility.data),
            consent_words=" ".join((self.consent_words.data or "").split()),
            welcome_subject=self.welcome_subject.data or "",
            welcome_body=self.welcome_body.data or "",
            most_per_day=self.most_per_day.data,
            most_per_week=self.most_per_week.data,
        )


class FieldForm(FlaskForm):
    """A custom field."""

    label = StringField("Label", [_required, Length(max=120)])
    key = StringField("Key", [Length(max=60)])
    type = SelectField("Holds", choices=[(kind.value, words) for kind, words in FIELD_TYPES.items()])
    choices = TextAreaField("Choices")
    default_value = StringField("Default", [Length(max=500)])
    editor = SelectField(
        "Who changes it, besides staff",
        choices=[(editor.value, words) for editor, words in EDITORS.items()],
        default=Editor.ASKED.value,
    )
    is_required = BooleanField("Required")

    def values(self) -> dict[str, Any]:
        """Return what may be changed later too, as the verbs take it."""
        return {
            "label": self.label.data or "",
            "choices": (self.choices.data or "").splitlines(),
            "default_value": self.default_value.data or "",
            "editor": Editor(self.editor.data),
            "is_required": bool(self.is_required.data),
        }


class TicksField(SelectMultipleField):
    """Boxes to tick, any number of them."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class TagForm(FlaskForm):
    """A tag's name."""

    name = StringField("Name", [_required, Length(max=60)])


class SubscriberForm(FlaskForm):
    """What we know of a subscriber; :func:`subscriber_form` adds the workspace's fields."""

    email = EmailField("Email address", [_required, Length(max=320)])
    name = StringField("Name", [Length(max=200)])
    locale = StringField("Language", [Length(max=20)])
    time_zone = StringField("Time zone", [Length(max=64)])
    tags = StringField("Tags", [Length(max=1000)])

    def custom(self) -> list[Field]:
        """Return the inputs of the workspace's own fields."""
        return [field for field in self if field.name.startswith("fields.")]

    def details(self) -> dict[str, Any]:
        """Return what was typed besides address and tags, as the verbs take it."""
        return {
            "name": self.name.data or "",
            "locale": self.locale.data or "",
            "time_zone": self.time_zone.data or "",
            "fields": self.changed_fields(),
        }

    def changed_fields(self) -> dict[str, Any]:
        """Return what was typed into the workspace's own fields, by key; what is as it was stays."""
        return {
            field.name.removeprefix("fields."): field.data
            for field in self.custom()
            if field.data != field.object_data
        }

    def tag_names(self) -> list[str]:
        """Return the tags, which stand between commas."""
        return [name for name in (self.tags.data or "").split(",") if name.strip()]


class EditForm(SubscriberForm):
    """A subscriber who is here: what programs call them can be mended, too."""

    external_id = StringField("External id", [Length(max=255)])


def subscriber_form(
    fields: Iterable[models.Field],
    subscriber: Subscriber | None = None,
    *,
    base: type[SubscriberForm] = SubscriberForm,
) -> SubscriberForm:
    """Return the form of a subscriber, with an input for each of the workspace's fields."""
    fields = list(fields)
    known_fields = subscriber.fields if subscriber is not None else {}
    inputs = {f"fields.{field.key}": _input(field, known_fields.get(field.key)) for field in fields}
    kind = type("SubscriberForm", (base,), inputs)
    if subscriber is None:
        form: SubscriberForm = kind()
        return form
    known = {
        "email": subscriber.email,
        "name": subscriber.name,
        "locale": subscriber.locale,
        "time_zone": subscriber.time_zone,
        "external_id": subscriber.external_id or "",
        "tags": ", ".join(tag.name for tag in subscriber.tags),
        **{f"fields.{field.key}": _typed(known_fields.get(field.key)) for field in fields},
    }
    form = kind(data=known)
    return form


class UploadForm(FlaskForm):
    """A file to import."""

    file = FileField("File")
    pasted = TextAreaField("Or paste rows", [Length(max=5_000_000)])

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for one of the two."""
        is_valid = super().validate(extra_validators)
        if is_valid and not self.file.data and not (self.pasted.data or "").strip():
            self.file.errors = ["Choose a file, or paste rows below."]
            return False
        return bool(is_valid)


class ImportForm(FlaskForm):
    """What to do with an uploaded file."""

    purpose = RadioField(
        "What are these people?",
        choices=[("subscribe", "Subscribers"), ("suppress", "Not to be mailed")],
        default="subscribe",
    )
    tags = StringField("Tags", [Length(max=1000)])
    existing = RadioField(
        "Subscribers that are here already",
        choices=[
            (Existing.FILL.value, "Fill in what is empty"),
            (Existing.OVERWRITE.value, "Overwrite with the file"),
            (Existing.KEEP.value, "Leave as they are"),
        ],
        default=Existing.FILL.value,
    )
    consent_basis = TextAreaField("Why may you mail these people?", [Length(max=500)])


def _input(field: models.Field, known: Any) -> Any:
    if field.type is FieldType.BOOLEAN:
        return SelectField(field.label, choices=[("", "–"), ("yes", "Yes"), ("no", "No")])
    if field.type.has_choices:
        # A choice that is gone stays with whoever has it.
        gone = [each for each in (known if isinstance(known, list) else [known]) if each]
        choices = [(choice, choice) for choice in dict.fromkeys([*field.choices, *map(str, gone)])]
        if field.type is FieldType.CHOICES:
            return TicksField(field.label, choices=choices)
        return SelectField(field.label, choices=[("", "–"), *choices])
    if field.type is FieldType.DATE:
        return StringField(field.label, [Optional()], render_kw={"type": "date"})
    if field.type is FieldType.NUMBER:
        return StringField(field.label, [Length(max=40)], render_kw={"inputmode": "decimal"})
    if field.type is FieldType.URL:
        return StringField(field.label, [Length(max=500)], render_kw={"type": "url", "inputmode": "url"})
    return StringField(field.label, [Length(max=500)])


def _typed(value: Any) -> Any:
    return value if isinstance(value, list) else written_value(value)
