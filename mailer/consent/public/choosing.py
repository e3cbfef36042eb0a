"""The preference page: which lists, how often, what we may know, a pause."""

from typing import Any

from flask import redirect, request, url_for

from mailer.audience.models import Subscriber
from mailer.consent import preferences
from mailer.consent.forms import DetailsForm, evidence_of_request
from mailer.consent.models import Channel
from mailer.consent.public.frame import bp, details_of, render, subscriber_of, workspace_of
from mailer.consent.reasons import reasons_for
from mailer.consent.unsubscribe import leave
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.clock import utcnow
from mailer.lib.ids import parse_id
from mailer.web.answers import show_on
from mailer.web.languages import known
from mailer.web.languages import translated as _


@bp.get("/p/<token>")
def show_preferences(token: str) -> str:
    """Show what a subscriber receives and what else there is."""
    return _preference_page(subscriber_of(token), token)


@bp.post("/p/<token>")
def save_preferences(token: str) -> Any:
    """Join and leave what was ticked, and keep the name."""
    subscriber = subscriber_of(token)
    form = details_of(subscriber)
    chosen = {parse_id("lst", value) for value in request.form.getlist("lists")}
    try:
        preferences.save_details(subscriber, locale=request.form.get("locale") or None, **form.values())
        preferences.save_preferences(
            subscriber,
            list_ids={list_id for list_id in chosen if list_id},
            days_between=_days_between(),
            evidence=evidence_of_request(Channel.PREFERENCE_PAGE, words=_save_words()),
            now=utcnow(),
        )
    except Invalid as error:
        db.session.rollback()
        show_on(form, error)
        return _preference_page(subscriber_of(token), token, form), 422
    db.session.commit()
    return redirect(url_for("consent.show_preferences", token=token, done="saved"), 303)


@bp.post("/p/<token>/details")
def save_details(token: str) -> Any:
    """Keep the answers to what the page after confirming asks."""
    subscriber = subscriber_of(token)
    form = details_of(subscriber)
    try:
        preferences.save_details(subscriber, **{**form.values(), "name": request.form.get("name")})
    except Invalid as error:
        db.session.rollback()
        show_on(form, error)
        return _preference_page(subscriber_of(token), token, form), 422
    db.session.commit()
    return redirect(url_for("consent.show_preferences", token=token, done="saved"), 303)


@bp.post("/p/<token>/pause")
def pause(token: str) -> Any:
    """Hear nothing for a while."""
    length = request.form.get("length", "")
    preferences.pause(
        subscriber_of(token),
        length,
        evidence=evidence_of_request(
            Channel.PREFERENCE_PAGE, words=f"{_('Take a pause')}: {dict(_pauses()).get(length, length[:10])}"
        ),
        now=utcnow(),
    )
    db.session.commit()
    return redirect(url_for("consent.show_preferences", token=token, done="paused"), 303)


@bp.post("/p/<token>/resume")
def resume(token: str) -> Any:
    """End the pause."""
    preferences.resume(
        subscriber_of(token),
        evidence=evidence_of_request(Channel.PREFERENCE_PAGE, words=_resume_words()),
        now=utcnow(),
    )
    db.session.commit()
    return redirect(url_for("consent.show_preferences", token=token, done="resumed"), 303)


@bp.post("/p/<token>/leave")
def leave_all(token: str) -> Any:
    """Leave every list."""
    leave(
        subscriber_of(token),
        [],
        evidence=evidence_of_request(Channel.PREFERENCE_PAGE, words=_leave_all_words()),
        now=utcnow(),
    )
    db.session.commit()
    return redirect(url_for("consent.show_preferences", token=token, done="left"), 303)


def _preference_page(subscriber: Subscriber, token: str, form: DetailsForm | None = None) -> str:
    now = utcnow()
    is_paused = subscriber.paused_until is not None and subscriber.paused_until > now
    return render(
        "consent/preferences.html",
        workspace=workspace_of(subscriber),
        subscriber=subscriber,
        offers=preferences.offers_for(subscriber),
        reasons=reasons_for(subscriber),
        details=list(form or details_of(subscriber)),
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


def _days_between() -> int | None:
    chosen = request.form.get("frequency", "")
    if chosen not in {value for value, _label in _frequencies()}:
        raise Invalid(_("Choose one of the frequencies that are offered."))
    return int(chosen) if chosen else None


def _pauses() -> list[tuple[str, str]]:
    words = (_("1 week"), _("2 weeks"), _("1 month"), _("3 months"), _("6 months"))
    return list(zip(preferences.PAUSES, words, strict=True))


def _frequencies() -> list[tuple[str, str]]:
    words = (_("At most one mail a day"), _("At most one mail a week"), _("At most one mail a month"))
    chosen = zip(map(str, preferences.FREQUENCIES), words, strict=True)
    return [("", _("Everything, when it comes")), *chosen]


# The words of each button: what its consent record keeps, in the language of the page.


def _save_words() -> str:
    return _("Save my choices")


def _resume_words() -> str:
    return _("End the pause")


def _leave_all_words() -> str:
    return _("Unsubscribe me from everything")
