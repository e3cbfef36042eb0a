"""Pages behind the links in a mail: confirm, leave, choose, pause. No session: the link is the right.

A GET never changes anything, since scanners follow links and run what they find; a page
with a button asks, and the POST acts.
"""

from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy import select

from mailer.accounts.models import Workspace
from mailer.audience.models import MailingList, Subscriber, Subscription, SubscriptionStatus
from mailer.consent import preferences
from mailer.consent.confirm import ask_again, can_confirm, confirm
from mailer.consent.forms import evidence_of_request
from mailer.consent.models import Channel
from mailer.consent.subscribe import subscribe
from mailer.consent.unsubscribe import leave
from mailer.current import links
from mailer.db import db
from mailer.errors import Invalid, NotFound
from mailer.lib.clock import utcnow
from mailer.lib.ids import parse_id
from mailer.lib.links import LeaveToken

bp = Blueprint("consent", __name__)

BROKEN_LINK: Final = "This link is not complete; copy the whole of it from the mail."

#: The words of each button: what its consent record keeps.
CONFIRM_WORDS: Final = "Yes, subscribe me"
LEAVE_WORDS: Final = "Unsubscribe"
UNDO_WORDS: Final = "That was a mistake – subscribe me again"
SAVE_WORDS: Final = "Save my choices"
LEAVE_ALL_WORDS: Final = "Unsubscribe me from everything"


@bp.after_request
def keep_private(response: Response) -> Response:
    """Keep the link out of caches and of other sites' logs."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


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
    confirm(
        subscription, evidence=evidence_of_request(Channel.CONFIRMATION_PAGE, words=CONFIRM_WORDS), now=now
    )
    db.session.commit()
    return render_template(
        "consent/confirmed.html",
        workspace=subscription.list.workspace,
        mailing_list=subscription.list,
        preferences_url=links().preferences_url(subscription.subscriber_id),
    )


@bp.post("/confirm/<token>/again")
def send_again(token: str) -> str:
    """Send a new link to whoever holds an old one."""
    subscription = _subscription_of(token)
    ask_again(subscription, evidence=evidence_of_request(Channel.LINK), now=utcnow())
    db.session.commit()
    return render_template(
        "consent/sent_again.html", workspace=subscription.list.workspace, mailing_list=subscription.list
    )


@bp.get("/u/<token>")
def show_leaving(token: str) -> str:
    """Ask whether to leave, with the button that does."""
    wish = _leave_token(token)
    subscriber = _subscriber(wish.subscriber_id)
    if subscriber is None:
        return render_template("consent/unknown.html")
    return render_template(
        "consent/leave.html",
        workspace=_workspace_of(subscriber),
        lists=_names(wish, subscriber),
        leave_words=LEAVE_WORDS,
        preferences_url=links().preferences_url(subscriber.id),
    )


@bp.post("/u/<token>")
def leave_lists(token: str) -> str | Response:
    """Unsubscribe at once: by our button, or by a mail client's one-click request (RFC 8058).

    That comes without cookie, form token or page, in either form encoding; it is
    answered here and without a redirect, however often it is repeated.
    """
    wish = _leave_token(token)
    subscriber = _subscriber(wish.subscriber_id)
    is_one_click = "List-Unsubscribe" in request.form
    ended: list[Subscription] = []
    if subscriber is not None:
        evidence = evidence_of_request(
            Channel.ONE_CLICK if is_one_click else Channel.LINK,
            words="" if is_one_click else LEAVE_WORDS,
            delivery_id=wish.delivery_id,
        )
        ended = leave(subscriber, wish.list_ids, evidence=evidence, now=utcnow())
        db.session.commit()
    if is_one_click:
        return Response("Unsubscribed.\n", mimetype="text/plain")
    if subscriber is None:
        return render_template("consent/unknown.html")
    return render_template(
        "consent/left.html",
        workspace=_workspace_of(subscriber),
        lists=_names(wish, subscriber),
        ended=[subscription.list for subscription in ended],
        undo_words=UNDO_WORDS,
        undo_url=url_for("consent.undo_leaving", token=token),
        preferences_url=links().preferences_url(subscriber.id),
    )


@bp.post("/u/<token>/undo")
def undo_leaving(token: str) -> str:
    """Take leaving back, for the lists that were just left."""
    wish = _leave_token(token)
    subscriber = _subscriber(wish.subscriber_id)
    if subscriber is None:
        return render_template("consent/unknown.html")
    evidence = evidence_of_request(Channel.LINK, words=UNDO_WORDS)
    for subscription in _left(subscriber, request.form.getlist("lists")):
        subscribe(subscriber, subscription.list, evidence=evidence, now=utcnow())
    db.session.commit()
    return render_template(
        "consent/undone.html",
        workspace=_workspace_of(subscriber),
        preferences_url=links().preferences_url(subscriber.id),
    )


@bp.get("/p/<token>")
def show_preferences(token: str) -> str:
    """Show what a subscriber receives and what else there is."""
    return _preference_page(_subscriber_of(token), token)


@bp.post("/p/<token>")
def save_preferences(token: str) -> Any:
    """Join and leave what was ticked, and keep the name."""
    subscriber = _subscriber_of(token)
    chosen = {parse_id("lst", value) for value in request.form.getlist("lists")}
    try:
        preferences.save_preferences(
            subscriber,
            list_ids={list_id for list_id in chosen if list_id},
            name=request.form.get("name", ""),
            evidence=evidence_of_request(Channel.PREFERENCE_PAGE, words=SAVE_WORDS),
            now=utcnow(),
        )
    except Invalid as error:
        db.session.rollback()
        page = _preference_page(_subscriber_of(token), token, wrong=error.fields or {"name": error.message})
        return page, 422
    db.session.commit()
    return redirect(url_for("consent.show_preferences", token=token, done="saved"), 303)


@bp.post("/p/<token>/pause")
def pause(token: str) -> Any:
    """Hear nothing for a while."""
    length = request.form.get("length", "")
    preferences.pause(
        _subscriber_of(token),
        length,
        evidence=evidence_of_request(Channel.PREFERENCE_PAGE, words=f"Pause: {length[:10]}"),
        now=utcnow(),
    )
    db.session.commit()
    return redirect(url_for("consent.show_preferences", token=token, done="paused"), 303)


@bp.post("/p/<token>/resume")
def resume(token: str) -> Any:
    """End the pause."""
    preferences.resume(
        _subscriber_of(token),
        evidence=evidence_of_request(Channel.PREFERENCE_PAGE, words="End the pause"),
        now=utcnow(),
    )
    db.session.commit()
    return redirect(url_for("consent.show_preferences", token=token, done="resumed"), 303)


@bp.post("/p/<token>/leave")
def leave_all(token: str) -> Any:
    """Leave every list."""
    leave(
        _subscriber_of(token),
        [],
        evidence=evidence_of_request(Channel.PREFERENCE_PAGE, words=LEAVE_ALL_WORDS),
        now=utcnow(),
    )
    db.session.commit()
    return redirect(url_for("consent.show_preferences", token=token, done="left"), 303)


def _subscription_of(token: str) -> Subscription:
    subscription_id = links().read_confirm(token)
    if subscription_id is None:
        raise NotFound(BROKEN_LINK)
    subscription = db.session.get(Subscription, subscription_id)
    if subscription is None:
        raise NotFound("This subscription no longer exists; sign up again if you wish.")
    return subscription


def _confirmation_page(subscription: Subscription, token: str) -> str:
    can = can_confirm(subscription, now=utcnow())
    return render_template(
        "consent/confirm.html",
        workspace=subscription.list.workspace,
        mailing_list=subscription.list,
        subscription=subscription,
        can_confirm=can and subscription.list.archived_at is None,
        confirm_words=CONFIRM_WORDS,
        again_url=url_for("consent.send_again", token=token),
        preferences_url=links().preferences_url(subscription.subscriber_id),
    )


def _leave_token(token: str) -> LeaveToken:
    wish = links().read_leave(token)
    if wish is None:
        raise NotFound(BROKEN_LINK)
    return wish


def _subscriber_of(token: str) -> Subscriber:
    subscriber_id = links().read_preferences(token)
    if subscriber_id is None:
        raise NotFound(BROKEN_LINK)
    subscriber = _subscriber(subscriber_id)
    if subscriber is None:
        raise NotFound("We no longer know you: everything about this address was erased.")
    return subscriber


def _preference_page(subscriber: Subscriber, token: str, wrong: dict[str, str] | None = None) -> str:
    now = utcnow()
    return render_template(
        "consent/preferences.html",
        workspace=_workspace_of(subscriber),
        subscriber=subscriber,
        offers=preferences.offers_for(subscriber),
        paused_until=subscriber.paused_until
        if subscriber.paused_until and subscriber.paused_until > now
        else None,
        token=token,
        done=request.args.get("done", ""),
        wrong=wrong or {},
        save_words=SAVE_WORDS,
        leave_all_words=LEAVE_ALL_WORDS,
    )


def _subscriber(subscriber_id: UUID) -> Subscriber | None:
    return db.session.get(Subscriber, subscriber_id)


def _workspace_of(subscriber: Subscriber) -> Workspace:
    return db.session.get_one(Workspace, subscriber.workspace_id)


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
