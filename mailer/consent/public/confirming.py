"""The page behind a confirmation's link: the button that subscribes, and a new link for an old one."""

from flask import url_for

from mailer.audience.models import Subscription
from mailer.consent import preferences
from mailer.consent.confirm import ask_again, asked_together, can_confirm, confirm
from mailer.consent.forms import details_form, evidence_of_request
from mailer.consent.models import Channel
from mailer.consent.public.frame import bp, broken_link, render
from mailer.current import links
from mailer.db import db
from mailer.errors import NotFound
from mailer.lib.clock import utcnow
from mailer.web.languages import speak
from mailer.web.languages import translated as _


@bp.get("/confirm/<token>")
def show_confirmation(token: str) -> str:
    """Ask whether to subscribe, with the button that does."""
    subscription = _subscription_of(token)
    return _confirmation_page(subscription, token)


@bp.post("/confirm/<token>")
def confirm_subscription(token: str) -> str | tuple[str, int]:
    """Subscribe whoever pressed the button."""
    subscription = _subscription_of(token)
    now = utcnow()
    if not subscription.is_active and not can_confirm(subscription, now=now):
        return _confirmation_page(subscription, token), 409
    names = [one.list.name for one in asked_together(subscription)]
    confirm(
        subscription, evidence=evidence_of_request(Channel.CONFIRMATION_PAGE, words=_confirm_words()), now=now
    )
    db.session.commit()
    return _confirmed_page(subscription, names)


@bp.post("/confirm/<token>/again")
def send_again(token: str) -> str:
    """Send a new link to whoever holds an old one."""
    subscription = _subscription_of(token)
    ask_again(subscription, evidence=evidence_of_request(Channel.LINK), now=utcnow())
    db.session.commit()
    return render(
        "consent/sent_again.html", workspace=subscription.list.workspace, mailing_list=subscription.list
    )


def _subscription_of(token: str) -> Subscription:
    subscription_id = links().read_confirm(token)
    if subscription_id is None:
        raise broken_link()
    subscription = db.session.get(Subscription, subscription_id)
    if subscription is None:
        raise NotFound(_("This subscription no longer exists; sign up again if you wish."))
    speak(subscription.subscriber.locale)
    return subscription


def _confirmation_page(subscription: Subscription, token: str) -> str:
    can = can_confirm(subscription, now=utcnow())
    return render(
        "consent/confirm.html",
        workspace=subscription.list.workspace,
        mailing_list=subscription.list,
        subscription=subscription,
        names=[one.list.name for one in asked_together(subscription)],
        can_confirm=can and subscription.list.archived_at is None,
        confirm_words=_confirm_words(),
        again_url=url_for("consent.send_again", token=token),
        preferences_url=links().preferences_url(subscription.subscriber_id),
    )


def _confirmed_page(subscription: Subscription, names: list[str]) -> str:
    subscriber = subscription.subscriber
    token = links().preferences_url(subscriber.id).rpartition("/")[2]
    asked = preferences.asked_keys(subscriber)
    unknown = [
        field
        for field in preferences.own_fields(subscriber)
        if field.key in asked and field.key not in subscriber.fields
    ]
    form = details_form(subscriber, unknown)
    asks_name = "name" in asked and not subscriber.name
    return render(
        "consent/confirmed.html",
        workspace=subscription.list.workspace,
        names=names,
        questions=[each for each in form if each.name != "name" or asks_name],
        details_url=url_for("consent.save_details", token=token),
        preferences_url=links().preferences_url(subscriber.id),
    )


# The words of each button: what its consent record keeps, in the language of the page.


def _confirm_words() -> str:
    return _("Yes, subscribe me")
