"""The page behind the link to leave: one button, or a mail client's one click; then why, or a way back."""

from collections.abc import Sequence

from flask import Response, request, url_for
from sqlalchemy import select

from mailer.audience.models import MailingList, Subscriber, Subscription, SubscriptionStatus
from mailer.consent import tell_why as telling
from mailer.consent.forms import evidence_of_request
from mailer.consent.models import Channel, Why
from mailer.consent.public.frame import bp, broken_link, render, subscriber_by, workspace_of
from mailer.consent.subscribe import subscribe
from mailer.consent.unsubscribe import leave
from mailer.current import links
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.lib.ids import parse_id
from mailer.lib.links import LeaveToken
from mailer.web.languages import translated as _


@bp.get("/u/<token>")
def show_leaving(token: str) -> str:
    """Ask whether to leave, with the button that does."""
    wish = _leave_token(token)
    subscriber = subscriber_by(wish.subscriber_id)
    if subscriber is None:
        return render("consent/unknown.html")
    return render(
        "consent/leave.html",
        workspace=workspace_of(subscriber),
        lists=_names(wish, subscriber),
        leave_words=_leave_words(),
        preferences_url=links().preferences_url(subscriber.id),
    )


@bp.post("/u/<token>")
def leave_lists(token: str) -> str | Response:
    """Unsubscribe at once: by our button, or by a mail client's one-click request (RFC 8058).

    That comes without cookie, form token or page, in either form encoding; it is
    answered here and without a redirect, however often it is repeated.
    """
    wish = _leave_token(token)
    subscriber = subscriber_by(wish.subscriber_id)
    is_one_click = "List-Unsubscribe" in request.form
    ended: list[Subscription] = []
    if subscriber is not None:
        evidence = evidence_of_request(
            Channel.ONE_CLICK if is_one_click else Channel.LINK,
            words="" if is_one_click else _leave_words(),
            delivery_id=wish.delivery_id,
        )
        ended = leave(subscriber, wish.list_ids, evidence=evidence, now=utcnow())
        db.session.commit()
    if is_one_click:
        return Response("Unsubscribed.\n", mimetype="text/plain")
    if subscriber is None:
        return render("consent/unknown.html")
    return _left_page(subscriber, wish, token, ended=[subscription.list for subscription in ended])


@bp.post("/u/<token>/why")
def tell_why(token: str) -> str:
    """Keep why somebody left, now that they have."""
    wish = _leave_token(token)
    subscriber = subscriber_by(wish.subscriber_id)
    if subscriber is None:
        return render("consent/unknown.html")
    told = request.form.get("why", "")
    if told:
        telling.tell_why(subscriber, told, request.form.get("words", ""), delivery_id=wish.delivery_id)
        db.session.commit()
    return _left_page(subscriber, wish, token, has_told=True)


@bp.post("/u/<token>/undo")
def undo_leaving(token: str) -> str:
    """Take leaving back, for the lists that were just left."""
    wish = _leave_token(token)
    subscriber = subscriber_by(wish.subscriber_id)
    if subscriber is None:
        return render("consent/unknown.html")
    evidence = evidence_of_request(Channel.LINK, words=_undo_words())
    for subscription in _left(subscriber, request.form.getlist("lists")):
        subscribe(subscriber, subscription.list, evidence=evidence, now=utcnow())
    db.session.commit()
    return render(
        "consent/undone.html",
        workspace=workspace_of(subscriber),
        preferences_url=links().preferences_url(subscriber.id),
    )


def _leave_token(token: str) -> LeaveToken:
    wish = links().read_leave(token)
    if wish is None:
        raise broken_link()
    return wish


def _left_page(
    subscriber: Subscriber,
    wish: LeaveToken,
    token: str,
    *,
    ended: Sequence[MailingList] = (),
    has_told: bool = False,
) -> str:
    return render(
        "consent/left.html",
        workspace=workspace_of(subscriber),
        lists=_names(wish, subscriber),
        ended=ended,
        has_told=has_told,
        reasons=_whys(),
        why_url=url_for("consent.tell_why", token=token),
        undo_words=_undo_words(),
        undo_url=url_for("consent.undo_leaving", token=token),
        preferences_url=links().preferences_url(subscriber.id),
    )


def _names(wish: LeaveToken, subscriber: Subscriber) -> list[str]:
    """Return the names of the lists that a link leaves; none when it leaves all."""
    return list(
        db.session.scalars(
            select(MailingList.name).where(
                MailingList.id.in_(wish.list_ids), MailingList.workspace_id == subscriber.workspace_id
            )
        )
    )


def _left(subscriber: Subscriber, public_ids: list[str]) -> list[Subscription]:
    ids = [list_id for value in public_ids if (list_id := parse_id("lst", value))]
    return list(
        db.session.scalars(
            select(Subscription)
            .join(Subscription.list)
            .where(
                Subscription.subscriber_id == subscriber.id,
                Subscription.status == SubscriptionStatus.UNSUBSCRIBED,
                Subscription.list_id.in_(ids),
                MailingList.archived_at.is_(None),
            )
            .order_by(Subscription.list_id)
        )
    )


# The words of each button: what its consent record keeps, in the language of the page.


def _leave_words() -> str:
    return _("Unsubscribe")


def _undo_words() -> str:
    return _("That was a mistake – subscribe me again")


def _whys() -> list[tuple[str, str]]:
    words = {
        Why.TOO_MANY: _("Too many mails"),
        Why.NOT_INTERESTING: _("They do not interest me"),
        Why.NEVER_ASKED: _("I never asked for them"),
        Why.BADLY_SHOWN: _("They look wrong on my device"),
        Why.OTHER: _("Another reason"),
    }
    return [(why.value, words[why]) for why in Why]
