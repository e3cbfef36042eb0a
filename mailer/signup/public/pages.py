"""The pages of a form: what it asks, and the thanks."""

import json
from typing import Any, Final

from flask import redirect, render_template, request, url_for

from mailer.current import settings
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.clock import utcnow
from mailer.signup.challenge import new_riddle, solved_riddle
from mailer.signup.forms import EntryForm, entry_form
from mailer.signup.public.frame import bp, shown_at, write_entry
from mailer.signup.shown import ShownForm
from mailer.signup.suspicion import is_suspicious, network_of
from mailer.signup.traps import Pace, opened_note, pace_of
from mailer.web.answers import show_on
from mailer.web.limits import is_within, limiter

#: Sign-ups of one network, by the minute and the day; a hasty one counts five times.
_PER_NETWORK: Final = "60 per minute; 1000 per day"
_HASTY_COST: Final = 5


@bp.get("/s/<form_id>")
def show(form_id: str) -> str:
    """Show the form."""
    shown = shown_at(form_id)
    return _page(shown, entry_form(shown, request.args))


def _network() -> str:
    return network_of(request.remote_addr or "")


def _cost() -> int:
    return _HASTY_COST if _pace() is Pace.HASTY else 1


@bp.post("/s/<form_id>")
@limiter.limit(_PER_NETWORK, key_func=_network, cost=_cost)
def create(form_id: str) -> Any:
    """Take a sign-up; the same is done and answered whoever it is, so that nothing tells who is known."""
    shown = shown_at(form_id)
    form = entry_form(shown, request.form)
    if not form.validate():
        return _page(shown, form), 422
    pace = _pace()
    if pace is Pace.UNSEEN:
        return _page(shown, form, is_once_more=True)
    if not _is_trusted(form, pace):
        return _page(shown, form, has_riddle=True), 429
    if not form.website.data:
        try:
            write_entry(shown, form, place=(form.place.data or "").replace("\0", "").strip())
        except Invalid as error:
            show_on(form, error)
            return _page(shown, form), 422
        db.session.commit()
    if shown.design.after_url:
        return redirect(shown.design.after_url, 303)
    return redirect(url_for("signup.thanks", form_id=form_id, **_kept()), 303)


@bp.get("/s/<form_id>/thanks")
def thanks(form_id: str) -> str:
    """Say what comes next, to everybody alike."""
    shown = shown_at(form_id)
    return render_template("signup/thanks.html", shown=shown, workspace=shown.workspace, **_frame(shown))


def _is_trusted(form: EntryForm, pace: Pace) -> bool:
    domain = (form.email.data or "").rpartition("@")[2].strip().lower()
    if not is_suspicious(pace, address=request.remote_addr or "", domain=domain):
        return True
    riddle = solved_riddle(form.solution.data or "", settings().secret_key)
    if riddle:
        # Each opens the door once.
        return is_within("1 per 15 minutes", "sign-up riddle", riddle)
    return pace is Pace.PATIENT


def _pace() -> Pace:
    return pace_of(request.form.get("opened", ""), settings().secret_key, now=utcnow())


def _page(shown: ShownForm, form: EntryForm, *, is_once_more: bool = False, has_riddle: bool = False) -> str:
    now, secret_key = utcnow(), settings().secret_key
    # While a riddle is being solved, or its reader waits, the note has to grow old.
    if not has_riddle or _pace() in {Pace.UNSEEN, Pace.HASTY}:
        form.opened.data = opened_note(secret_key, now=now)
    if form.suggestion:
        form.meant.data = (form.email.data or "").strip()
    form.solution.data = ""
    return render_template(
        "signup/sign_up.html",
        shown=shown,
        workspace=shown.workspace,
        form=form,
        is_once_more=is_once_more,
        riddle=json.dumps(new_riddle(secret_key, now=now)) if has_riddle else "",
        **_frame(shown),
    )


def _frame(shown: ShownForm) -> dict[str, Any]:
    return {
        "page_language": shown.language,
        "embedded": request.args.get("embed", ""),
        "look": shown.design.look,
    }


def _kept() -> dict[str, Any]:
    return {name: value for name in ("embed", "lang") if (value := request.args.get(name))}
