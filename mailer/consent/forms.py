"""What a request says of whoever acts, as their consent record keeps it; and what staff type for others."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import request
from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from mailer.audience.forms import SubscriberForm, subscriber_form
from mailer.audience.models import Field, Subscriber
from mailer.consent.models import AddressDetail, Channel, Evidence
from mailer.web.languages import translated as _


def evidence_of_request(
    via: Channel, *, words: str = "", actor_id: UUID | None = None, delivery_id: UUID | None = None
) -> Evidence:
    """Return the evidence that this request leaves.

    :param words: exactly what was shown, or the basis that a member of staff stated
    """
    return Evidence(
        via,
        words=words,
        locale=request.accept_languages.best or "",
        ip=request.remote_addr or "",
        user_agent=request.user_agent.string,
        actor_id=actor_id,
        delivery_id=delivery_id,
    )


class AddForm(SubscriberForm):
    """Someone who is added by hand, and why they may be mailed."""

    agreed = RadioField(
        "Their consent",
        choices=[("confirm", "Ask them to confirm by mail"), ("agreed", "They have agreed already")],
        default="confirm",
    )
    basis = TextAreaField("When and how they agreed", [Length(max=500)])

    def is_agreed(self) -> bool:
        """Whether staff answer for the consent."""
        return self.agreed.data == "agreed"


class DetailsForm(SubscriberForm):
    """What a subscriber says of themselves; the link in their mail is the right to."""

    class Meta:
        """No token: there is no session to misuse."""

        csrf = False

    email = locale = time_zone = tags = None  # type: ignore[assignment]

    def values(self) -> dict[str, Any]:
        """Return name and fields, as the verb takes them."""
        return {"name": self.name.data if "name" in self else None, "fields": self.changed_fields()}


def details_form(subscriber: Subscriber, fields: Iterable[Field]) -> DetailsForm:
    """Return the form of what a subscriber is asked about themselves, with what is known."""
    form: Any = subscriber_form(fields, subscriber, base=DetailsForm)
    form.name.label.text = _("Your name")
    return form


class SuppressForm(FlaskForm):
    """An address that must not be mailed."""

    email = StringField("Email address", [DataRequired("Write the address."), Length(max=320)])
    stream = StringField("Only of the stream", [Length(max=40)])
    detail = StringField("Why", [Length(max=500)])


class PolicyForm(FlaskForm):
    """What is kept of where people were, and how often they are mailed at most."""

    address_detail = RadioField(
        "Internet addresses in the proofs",
        choices=[
            (AddressDetail.FULL.value, "The whole address"),
            (AddressDetail.NETWORK.value, "Only the network"),
            (AddressDetail.NONE.value, "None"),
        ],
        default=AddressDetail.FULL.value,
    )
    address_days = IntegerField("Forget them after … days", [Optional()])
    most_per_day = IntegerField("Campaigns within 24 hours", [Optional()])
    most_per_week = IntegerField("Campaigns within 7 days", [Optional()])

    def values(self) -> dict[str, Any]:
        """Return what was chosen, as the verb takes it."""
        return {
            "address_detail": AddressDetail(self.address_detail.data),
            "address_days": self.address_days.data,
            "most_per_day": self.most_per_day.data,
            "most_per_week": self.most_per_week.data,
        }
