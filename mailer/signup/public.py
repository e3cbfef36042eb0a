"""Sign-up pages, open to everyone, working without JavaScript: a designed form's, or a list's own."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, Final

from flask import Blueprint, Response, g, jsonify, redirect, render_template, request, url_for

from mailer.consent.forms import evidence_of_request
from mailer.consent.models import Channel
from mailer.current import settings
from mailer.db import db
from mailer.errors import Forbidden, NotFound
from mailer.lib.clock import utcnow
from mailer.signup.challenge import new_riddle, solved_riddle
from mailer.signup.forms import EntryForm, entry_form
from mailer.signup.kiosk import check_pin, is_kiosk, kiosk_pass
from mailer.signup.models import Form
from mailer.signup.shown import ShownForm, shown_form
from mailer.signup.sign_up import Entry, sign_up
from mailer.signup.suspicion import is_suspicious, network_of
from mailer.signup.traps import Pace, opened_note, pace_of
from mailer.web.headers import csp_nonce
from mailer.web.languages import speak
from mailer.web.limits import is_within, limiter

bp = Blueprint("signup", __name__)

#: Sign-ups of one network, by the minute and the day; a hasty one counts five times.
_PER_NETWORK: Final = "60 per minute; 1000 per day"
_HASTY_COST: Final = 5
#: Numbers are short: few tries, from one address.
_PIN_TRIES: Final = "10 per 10 minutes"
_PER_KIOSK: Final = "60 per minute"
#: Every answer takes this long at least, so that its time does not tell who is known.
_ANSWER_SECONDS: Final = 0.12


@bp.after_request
def allow_embedding(response: Response) -> Response:
    """Let other sites show the form in a frame; it acts for nobody who is signed in."""
    if request.args.get("embed"):
        hosts = " ".join(f"{host} https://{host}" for host in g.get("framing_hosts", ())) or "*"
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'self' 'nonce-{csp_nonce()}'; script-src 'self'; img-src 'self' "
            f"data:; connect-src 'self'; form-action 'self' {hosts}; base-uri 'none'; frame-ancestors {hosts}"
        )
        response.headers.pop("X-Frame-Options", None)
    return response


@bp.get("/s/<form_id>")
def show(form_id: str) -> str:
    """Show the form."""
    shown = _shown(form_id)
    return _page(shown, entry_form(shown, request.args))


def _network() -> str:
    return network_of(request.remote_addr or "")


def _cost() -> int:
    return _HASTY_COST if _pace() is Pace.HASTY else 1


def _takes_its_time(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def slowed(*args: Any, **kwargs: Any) -> Any:
        began = time.monotonic()
        answer = view(*args, **kwargs)
        time.sleep(max(0.0, _ANSWER_SECONDS - (time.monotonic() - began)))
        return answer

    return slowed


@bp.post("/s/<form_id>")
@limiter.limit(_PER_NETWORK, key_func=_network, cost=_cost)
@_takes_its_time
def create(form_id: str) -> Any:
    """Take a sign-up, and answer the same whoever it was."""
    shown = _shown(form_id)
    form = entry_form(shown, request.form)
    if not form.validate():
        return _page(shown, form), 422
    pace = _pace()
    if pace is Pace.UNSEEN:
        return _page(shown, form, is_once_more=True)
    if not _is_trusted(form, pace):
        return _page(shown, form, has_riddle=True), 429
    if not form.website.data:
        sign_up(shown, _entry(form), evidence=evidence_of_request(Channel.SIGNUP_PAGE), now=utcnow())
        db.session.commit()
    if shown.design.after_url:
        return redirect(shown.design.after_url, 303)
    return redirect(url_for("signup.thanks", form_id=form_id, **_kept()), 303)


@bp.get("/s/<form_id>/thanks")
def thanks(form_id: str) -> str:
    """Say what comes next, to everybody alike."""
    shown = _shown(form_id)
    return render_template("signup/thanks.html", shown=shown, workspace=shown.workspace, **_frame(shown))


@bp.get("/s/<form_id>/kiosk")
def ask_pin(form_id: str) -> str:
    """Ask staff for the number that opens the kiosk, and for the place."""
    shown, _form = _kiosk(form_id)
    return render_template("signup/kiosk_pin.html", workspace=shown.workspace, shown=shown)


@bp.post("/s/<form_id>/kiosk")
@limiter.limit(_PIN_TRIES)
def open_kiosk(form_id: str) -> Any:
    """Open the kiosk for whoever knows the number; the same number ends it."""
    shown, form = _kiosk(form_id)
    try:
        check_pin(form, request.form.get("pin", ""))
    except Forbidden as error:
        return render_template(
            "signup/kiosk_pin.html", workspace=shown.workspace, shown=shown, wrong=error.message
        ), 403
    if request.form.get("end"):
        return redirect(url_for("signup.ask_pin", form_id=form_id), 303)
    return render_template(
        "signup/kiosk.html",
        shown=shown,
        workspace=shown.workspace,
        form=entry_form(shown, request.args),
        place=request.form.get("place", "").strip()[:60],
        kiosk_pass=kiosk_pass(form, settings().secret_key, now=utcnow()),
        page_language=shown.language,
        look=shown.design.look,
    )


@bp.post("/s/<form_id>/kiosk/sign-ups")
@limiter.limit(_PER_KIOSK)
@_takes_its_time
def create_at_kiosk(form_id: str) -> Any:
    """Take a sign-up of a kiosk; sent again, as after a lost connection, it does nothing."""
    shown, opened = _kiosk(form_id)
    given = request.form
    if not is_kiosk(given.get("pass", ""), opened, settings().secret_key, now=utcnow()):
        return jsonify(errors={"pass": "The kiosk has to be opened again."}), 403
    form = entry_form(shown, given)
    if not form.validate():
        problems = {name: errors[0] for name, errors in form.errors.items() if name and errors}
        problems |= {f"box{number}": sentence for number, sentence in form.box_errors.items()}
        problems |= {"lists": form.list_error} if form.list_error else {}
        return jsonify(errors=problems), 422
    entry = replace(_entry(form), key=given.get("key", "").replace("\0", "")[:64] or None)
    sign_up(shown, entry, evidence=evidence_of_request(Channel.SIGNUP_PAGE), now=utcnow())
    db.session.commit()
    return jsonify(thanks=True)


def _kiosk(public_id: str) -> tuple[ShownForm, Form]:
    shown = _shown(public_id)
    if shown.form is None or not shown.form.kiosk_pin:
        raise NotFound("There is no kiosk here; set its number first.")
    return shown, shown.form


def _shown(public_id: str) -> ShownForm:
    shown = shown_form(public_id, speak(request.args.get("lang", "")))
    g.language, g.framing_hosts = shown.language, shown.design.hosts
    return shown


def _is_trusted(form: EntryForm, pace: Pace) -> bool:
    domain = (form.email.data or "").rpartition("@")[2].strip().lower()
    if not is_suspicious(pace, address=request.remote_addr or "", domain=domain):
        return True
    riddle = solved_riddle(form.solution.data or "", settings().secret_key)
    if riddle:
        # Each opens the door once.
        return is_within("1 per 15 minutes", "sign-up riddle", riddle)
    return pace is Pace.PATIENT


def _entry(form: EntryForm) -> Entry:
    return Entry(
        form.email.data or "",
        form.lists(),
        ticked=form.ticked,
        source=form.source(),
        place=(form.place.data or "").replace("\0", "").strip()[:60],
        **form.answers(),
    )


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
        "embedded": bool(request.args.get("embed")),
        "look": shown.design.look,
    }


def _kept() -> dict[str, Any]:
    return {name: value for name in ("embed", "lang") if (value := request.args.get(name))}
