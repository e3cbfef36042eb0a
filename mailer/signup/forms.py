"""The fields of a sign-up page."""

from wtforms import Form, HiddenField, StringField
from wtforms.validators import ValidationError

from mailer.errors import Invalid
from mailer.lib.addresses import clean_address
from mailer.lib.lines import clean_line


class SignUpForm(Form):
    """An address, and a name if they like.

    Without a form token: there is no session that another site could misuse, and other
    sites are meant to send this form.
    """

    email = StringField("Email address")
    name = StringField("Name (optional)")
    #: Filled in by programs alone; people neither see nor reach it.
    website = StringField("Leave this empty")
    opened = HiddenField()

    def validate_email(self, field: StringField) -> None:
        """Refuse what is no address."""
        if not (field.data or "").strip():
            raise ValidationError("Write the address that the mails should go to.")
        try:
            clean_address(field.data or "")
        except Invalid as error:
            raise ValidationError(error.message) from None

    def validate_name(self, field: StringField) -> None:
        """Refuse what cannot stand in a mail."""
        try:
            clean_line(field.data or "", label="The name", longest=200)
        except Invalid as error:
            raise ValidationError(error.message) from None
