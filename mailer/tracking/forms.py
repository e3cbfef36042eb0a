"""What is asked about tracking."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, RadioField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from mailer.delivery.models import TrackingMode

_TAG = Regexp(r"[\w.-]+\Z", message="Letters, digits, dots and hyphens only.")

_HOSTS = Regexp(r"[a-z0-9. -]*\Z", message="Hosts such as shop.example.com, with spaces between them.")


class TrackingForm(FlaskForm):
    """How a workspace counts."""

    mode = RadioField(
        "What is counted",
        choices=[
            (TrackingMode.FULL.value, "Opens and clicks of each person"),
            (TrackingMode.ANONYMOUS.value, "Only how many: no person, no network and no program is kept"),
            (TrackingMode.NONE.value, "Nothing: links lead straight on, and there is no pixel"),
        ],
    )
    conversion_days = IntegerField(
        "Days between click and order", [InputRequired("Say how many days."), NumberRange(1, 90)]
    )
    shop_hosts = StringField(
        "Hosts of your shops",
        [Optional(), Length(max=500), _HOSTS],
        filters=[lambda text: (text or "").strip().lower()],
    )
    is_tagging = BooleanField("Tag web links for the statistics of your website (UTM)")
    utm_source = StringField("utm_source", [Length(1, 60), _TAG])
    utm_medium = StringField("utm_medium", [Length(1, 60), _TAG])
