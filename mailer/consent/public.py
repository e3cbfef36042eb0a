"""Pages behind the links in a mail: confirm, leave, choose, pause. No session: the link is the right.

A GET never changes anything, since scanners follow links and run what they find; a page
with a button asks, and the POST acts.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from sqlalchemy import select

from mailer import signals
from mailer.accounts.models import Workspace
from mailer.audience.erase import erase_subscribers
from mailer.audience.models import MailingList, Subscriber, Subscription, SubscriptionStatus
from mailer.audience.queries import subscriber_behind
from mailer.consent import preferences
from mailer.consent import tell_why as telling
from mailer.consent.confirm import ask_again, asked_together, can_confirm, confirm
from mailer.consent.forms import DetailsForm, details_form, evidence_of_request
from mailer.consent.models import Channel, Why
from mailer.consent.reasons import reasons_for
from mailer.consent.subscribe import subscribe
from mailer.consent.unsubscribe import leave
from mailer.current import links
from mailer.db import db
from mailer.errors import Invalid, NotFound
from mailer.lib.clock import utcnow
from mailer.lib.ids import parse_id
from mailer.lib.links import LeaveToken
from mailer.web.answers import show_on
from mailer.web.languages import known, language, speak
from mailer.web.languages import translated as _

bp = Blueprint("consent", __name__)


def _broken_link() -> NotFound:
    return NotFound(_("This link is not complete; copy the whole of it from the mail."))


# The words of each button: what its consent record keeps, in the language of the page.


def _confirm_words() -> str:
    return _("Yes, subscribe me")


def _leave_words() -> str:
    return _("Unsubscribe")


def _undo_words() -> str:
    return _("That was a mistake – subscribe me again")


def _save_words() -> str:
    return _("Save my choices")


def _resume_words() -> str:
    return _("End the pause")


def _leave_all_words() -> str:
    return _("Unsubscribe me from everything")


def _pauses() -> list[tuple[str, str]]:
    words = (_("1 week"), _("2 weeks"), _("1 month"), _("3 months"), _("6 months"))
    return list(zip(preferences.PAUSES, words, strict=True))


def _frequencies() -> list[tuple[str, str]]:
    words = (_("At most one mail a day"), _("At most one mail a week"), _("At most one mail a month"))
    chosen = zip(map(str, preferences.FREQUENCIES), words, strict=True)
    return [("", _("Everything, when it comes")), *chosen]


def _whys() -> list[tuple[str, str]]:
    words = {
        Why.TOO_MANY: _("Too many mails"),
        Why.NOT_INTERESTING: _("They do not interest me"),
        Why.NEVER_ASKED: _("I never asked for them"),
        Why.BADLY_SHOWN: _("They look wrong on my device"),
        Why.OTHER: _("Another reason"),
    }
    return [(why.value, words[why]) for why in Why]


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
    return _render(
        "consent/sent_again.html", workspace=subscription.list.workspace, mailing_list=subscription.list
    )


@bp.get("/u/<token>")
def show_leaving(token: str) -> str:
    """Ask whether to leave, with the button that does."""
    wish = _leave_token(token)
    subscriber = _subscriber(wish.subscriber_id)
    if subscriber is None:
        return _render("consent/unknown.html")
    return _render(
        "consent/leave.html",
        workspace=_workspace_of(subscriber),
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
    subscriber = _subscriber(wish.subscriber_id)
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
        return _render("consent/unknown.html")
    return _left_page(subscriber, wish, token, ended=[subscription.list for subscription in ended])


@bp.post("/u/<token>/why")
def tell_why(token: str) -> str:
    """Keep why somebody left, now that they have."""
    wish = _leave_token(token)
    subscriber = _subscriber(wish.subscriber_id)
    if subscriber is None:
        return _render("consent/unknown.html")
    told = request.form.get("why", "")
    if told:
        telling.tell_why(subscriber, told, request.form.get("words", ""), delivery_id=wish.delivery_id)
        db.session.commit()
    return _left_page(subscriber, wish, token, has_told=True)


@bp.post("/u/<token>/undo")
def undo_leaving(token: str) -> str:
    """Take leaving back, for the lists that were just left."""
    wish = _leave_token(token)
    subscriber = _subscriber(wish.subscriber_id)
    if subscriber is None:
        return _render("consent/unknown.html")
    evidence = evidence_of_request(Channel.LINK, words=_undo_words())
    for subscription in _left(subscriber, request.form.getlist("lists")):
        subscribe(subscriber, subscription.list, evidence=evidence, now=utcnow())
    db.session.commit()
    return _render(
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
    form = _details_of(subscriber)
    chosen = {parse_id("lst", value) for value in request.form.getlist("lists")}
    try:
        preferences.save_preferences(
            subscriber,
            list_ids={list_id for list_id in chosen if list_id},
            evidence=evidence_of_request(Channel.PREFERENCE_PAGE, words=_save_words()),
            now=utcnow(),
            days_between=_days_between(),
            locale=request.form.get("locale") or None,
            **form.values(),
        )
    except Invalid as error:
        db.session.rollback()
        show_on(form, error)
        return _preference_page(_subscriber_of(token), token, form), 422
    db.session.commit()
    return redirect(url_for("consent.show_preferences", token=token, done="saved"), 303)


@bp.post("/p/<token>/details")
def save_details(token: str) -> Any:
    """Keep the answers to what the page after confirming asks."""
    subscriber = _subscriber_of(token)
    form = _details_of(subscriber)
    try:
        preferences.save_details(subscriber, **{**form.values(), "name": request.form.get("name")})
    except Invalid as error:
        db.session.rollback()
        show_on(form, error)
        return _preference_page(_subscriber_of(token), token, form), 422
    db.session.commit()
    return redirect(url_for("consent.show_preferences", token=token, done="saved"), 303)


@bp.get("/p/<token>/data")
def download(token: str) -> Response:
    """Hand out everything that is known of somebody to themselves (GDPR 15 and 20)."""
    subscriber = _subscriber_of(token)
    answers = signals.everything_wanted.send(subscriber)
    known: dict[str, Any] = next((known for _receiver, known in answers), {})
    response = jsonify(known)
    response.headers["Content-Disposition"] = "attachment; filename=my-data.json"
    return response


@bp.get("/p/<token>/erase")
def show_erasing(token: str) -> str:
    """Ask whether everything is to be erased, with the button that does."""
    subscriber = _subscriber_of(token)
    return _render(
        "consent/erase.html",
        workspace=_workspace_of(subscriber),
        preferences_url=links().preferences_url(subscriber.id),
    )


@bp.post("/p/<token>/erase")
def erase(token: str) -> str:
    """Erase everything that is known of somebody, at their own wish (GDPR 17)."""
    subscriber = _subscriber_of(token)
    erase_subscribers(subscriber.workspace_id, [subscriber.id], now=utcnow())
    db.session.commit()
    return _render("consent/unknown.html")


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
        evidence=evidence_of_request(Channel.PREFERENCE_PAGE, words=_resume_words()),
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
        evidence=evidence_of_request(Channel.PREFERENCE_PAGE, words=_leave_all_words()),
        now=utcnow(),
    )
    db.session.commit()
    return redirect(url_for("consent.show_preferences", token=token, done="left"), 303)


def _subscription_of(token: str) -> Subscription:
    subscription_id = links().read_confirm(token)
    if subscription_id is None:
        raise _broken_link()
    subscription = db.session.get(Subscription, subscription_id)
    if subscription is None:
        raise NotFound(_("This subscription no longer exists; sign up again if you wish."))
    speak(subscription.subscriber.locale)
    return subscription


def _confirmation_page(subscription: Subscription, token: str) -> str:
    can = can_confirm(subscription, now=utcnow())
    return _render(
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


def _leave_token(token: str) -> LeaveToken:
    wish = links().read_leave(token)
    if wish is None:
        raise _broken_link()
    return wish


def _subscriber_of(token: str) -> Subscriber:
    subscriber_id = links().read_preferences(token)
    if subscriber_id is None:
        raise _broken_link()
    subscriber = _subscriber(subscriber_id)
    if subscriber is None:
        raise NotFound(_("We no longer know you: everything about this address was erased."))
    return subscriber


def _preference_page(subscriber: Subscriber, token: str, form: DetailsForm | None = None) -> str:
    now = utcnow()
    is_paused = subscriber.paused_until is not None and subscriber.paused_until > now
    return _render(
        "consent/preferences.html",
        workspace=_workspace_of(subscriber),
        subscriber=subscriber,
        offers=preferences.offers_for(subscriber),
        reasons=reasons_for(subscriber),
        details=list(form or _details_of(subscriber)),
        spoken=known(subscriber.locale),
        frequency=str(subscriber.days_between or ""),
        frequencies=_frequencies(),
        paused_until=subscriber.paused_until if is_paused else None,
        pauses=_pauses(),
        token=token,
        done=request.args.get("done", ""),
        save_words=_save_words(),
        resume_words=_resume_words(),
        leave_all_words=_leave_all_words(),
        download_url=url_for("consent.download", token=token),
        erase_url=url_for("consent.show_erasing", token=token),
    )


def _confirmed_page(subscription: Subscription, names: list[str]) -> str:
    subscriber = subscription.subscriber
    token = links().preferences_url(subscriber.id).rpartition("/")[2]
    unknown = [
        field for field in preferences.asked_fields(subscriber) if not subscriber.fields.get(field.key)
    ]
    form = details_form(subscriber, unknown)
    asks_name = "name" in preferences.asked_keys(subscriber) and not subscriber.name
    return _render(
        "consent/confirmed.html",
        workspace=subscription.list.workspace,
        names=names,
        questions=[each for each in form if each.name != "name" or asks_name],
        details_url=url_for("consent.save_details", token=token),
        preferences_url=links().preferences_url(subscriber.id),
    )


def _left_page(
    subscriber: Subscriber,
    wish: LeaveToken,
    token: str,
    *,
    ended: Sequence[MailingList] = (),
    has_told: bool = False,
) -> str:
    return _render(
        "consent/left.html",
        workspace=_workspace_of(subscriber),
        lists=_names(wish, subscriber),
        ended=ended,
        has_told=has_told,
        reasons=_whys(),
        why_url=url_for("consent.tell_why", token=token),
        undo_words=_undo_words(),
        undo_url=url_for("consent.undo_leaving", token=token),
        preferences_url=links().preferences_url(subscriber.id),
    )


def _render(template: str, **values: Any) -> str:
    return render_template(template, page_language=language(), **values)


def _details_of(subscriber: Subscriber) -> DetailsForm:
    return details_form(subscriber, preferences.asked_fields(subscriber))


def _days_between() -> int | None:
    chosen = request.form.get("frequency", "")
    if chosen not in {value for value, _label in _frequencies()}:
        raise Invalid(_("Choose one of the frequencies that are offered."))
    return int(chosen) if chosen else None


def _subscriber(subscriber_id: UUID) -> Subscriber | None:
    subscriber = subscriber_behind(subscriber_id)
    speak(subscriber.locale if subscriber else "")
    return subscriber


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
