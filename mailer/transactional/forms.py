"""What people set about transactional messages."""

from flask_wtf import FlaskForm
from wtforms import IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from mailer.errors import MailerError


class RetentionForm(FlaskForm):
    """How long the log is kept."""

    content_days = IntegerField(
        "Days that words and files are kept",
        [InputRequired("Write a number of days."), NumberRange(0, 3650, "From 0 to 3,650 days.")],
    )
    entry_days = IntegerField(
        "Days that entries are kept",
        [InputRequired("Write a number of days."), NumberRange(1, 3650, "From 1 to 3,650 days.")],
    )

    def validate_entry_days(self, field: IntegerField) -> None:
        """Keep an entry at least as long as its words."""
        if (field.data or 0) < (self.content_days.data or 0):
            raise ValidationError("An entry is kept at least as long as its words.")


class TemplateUseForm(FlaskForm):
    """What programs call a template, and its subject."""

    alias = StringField(
        "Alias",
        [Length(max=80, message="80 characters at most.")],
        description="What programs call it: “order-receipt”.",
    )
    subject = StringField(
        "Subject",
        [Length(max=500, message="500 characters at most.")],
        description="With variables: “Your order {{ variables.order }}”. A call can bring its own.",
    )

    def take(self, error: MailerError) -> None:
        """Show an error where it belongs."""
        for name, words in (error.fields or {"alias": error.message}).items():
            field = getattr(self, name, self.alias)
            field.errors = [*field.errors, words]
