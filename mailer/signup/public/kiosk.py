"""The kiosk: staff open it on a device with their number and leave it to whoever comes; the number ends it.

Everything is at one address, which asks for the number until a cookie of that address
says that the device was opened: so a page that is loaded again, or gone back to, is the
kiosk once more.
"""

from typing import Final

from flask import Response, current_app, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_security import logout_user

from mailer.current import settings
from mailer.db import db
from mailer.errors import Forbidden, Invalid, NotFound
from mailer.lib.clock import utcnow
from mailer.lib.lines import clean_line
from mailer.signup.forms import EntryForm, entry_form
from mailer.signup.kiosk import LIFETIME, check_pin, kiosk_pass, place_of_pass
from mailer.signup.models import Form
from mailer.signup.public.frame import bp, shown_at, write_entry
from mailer.signup.shown import ShownForm
from mailer.web.answers import show_on, wants_json
from mailer.web.limits import limiter

#: Numbers are short: few tries, from one address.
_PIN_TRIES: Final = "10 per 10 minutes"
_PER_KIOSK: Final = "60 per minute"
_COOKIE: Final = "mailer_kiosk"


@bp.get("/s/<form_id>/kiosk")
def kiosk(form_id: str) -> Response:
    """Show the kiosk on a device that staff opened; on others, ask for the number and the place."""
    shown, form = _kiosk(form_id)
    opened = request.cookies.get(_COOKIE, "")
    place = _place_of(opened, form)
    if place is None:
        return _answer(render_template("signup/kiosk_pin.html", workspace=shown.workspace, shown=shown))
    return _answer(
        render_template(
            "signup/kiosk.html",
            shown=shown,
            workspace=shown.workspace,
            form=entry_form(shown, request.args),
            place=place,
            kiosk_pass=opened,
            page_language=shown.language,
            look=shown.design.look,
        )
    )


@bp.post("/s/<form_id>/kiosk")
@limiter.limit(_PIN_TRIES)
def open_kiosk(form_id: str) -> ResponseReturnValue:
    """Open the kiosk for whoever knows the number, and sign out whoever was signed in on the device."""
    shown, form = _kiosk(form_id)
    try:
        place = clean_line(request.form.get("place", ""), label="The place", longest=60)
        check_pin(form, request.form.get("pin", ""))
    except (Forbidden, Invalid) as error:
        page = render_template(
            "signup/kiosk_pin.html", workspace=shown.workspace, shown=shown, wrong=error.message
        )
        return _answer(page), 403
    if current_user.is_authenticated:
        logout_user()
    answer = _to_kiosk(form_id)
    answer.set_cookie(
        _COOKIE,
        kiosk_pass(form, settings().secret_key, place=place, now=utcnow()),
        max_age=LIFETIME,
        path=url_for("signup.kiosk", form_id=form_id),
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Strict",
    )
    # What was looked at before on this device is not there to go back to.
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@bp.post("/s/<form_id>/kiosk/end")
@limiter.limit(_PIN_TRIES)
def end_kiosk(form_id: str) -> Response:
    """End the kiosk for whoever knows the number; for everybody else it goes on."""
    _shown, form = _kiosk(form_id)
    answer = _to_kiosk(form_id)
    try:
        check_pin(form, request.form.get("pin", ""))
    except Forbidden:
        if wants_json():
            raise
        return answer
    answer.delete_cookie(_COOKIE, path=url_for("signup.kiosk", form_id=form_id))
    return answer


@bp.post("/s/<form_id>/kiosk/check")
@limiter.limit(_PIN_TRIES)
def check_kiosk(form_id: str) -> ResponseReturnValue:
    """Say whether somebody knows the number, before the device shows them what was refused.

    :raises Forbidden: they do not
    """
    _shown, form = _kiosk(form_id)
    check_pin(form, request.form.get("pin", ""))
    return "", 204


@bp.get("/s/<form_id>/kiosk/worker.js")
def kiosk_worker(form_id: str) -> Response:
    """Hand out the script that keeps the kiosk on the device, for when it is loaded again without a network.

    From an address below the kiosk's, so that it minds no other page.
    """
    _kiosk(form_id)
    answer = current_app.send_static_file("kiosk-worker.js")
    answer.headers["Service-Worker-Allowed"] = url_for("signup.kiosk", form_id=form_id)
    return answer


@bp.post("/s/<form_id>/kiosk/sign-ups")
@limiter.limit(_PER_KIOSK)
def create_at_kiosk(form_id: str) -> ResponseReturnValue:
    """Take a sign-up of a kiosk; sent again, as after a lost connection, it does nothing."""
    shown, opened = _kiosk(form_id)
    place = _place_of(request.form.get("pass", ""), opened)
    if place is None:
        return jsonify(errors={"pass": "The kiosk has to be opened again."}), 403
    form = entry_form(shown, request.form)
    if not form.validate():
        return jsonify(errors=_problems(form)), 422
    try:
        key = request.form.get("key", "").replace("\0", "")[:64] or None
        write_entry(shown, form, place=place, key=key)
    except Invalid as error:
        show_on(form, error)
        return jsonify(errors=_problems(form)), 422
    db.session.commit()
    return jsonify(thanks=True)


def _kiosk(public_id: str) -> tuple[ShownForm, Form]:
    shown = shown_at(public_id)
    if shown.form is None or not shown.form.kiosk_pin:
        raise NotFound("There is no kiosk here; set its number first.")
    return shown, shown.form


def _place_of(text: str, form: Form) -> str | None:
    return place_of_pass(text, form, settings().secret_key, now=utcnow())


def _problems(form: EntryForm) -> dict[str, str]:
    problems = {name: errors[0] for name, errors in form.errors.items() if name and errors}
    problems |= {f"box{number}": sentence for number, sentence in form.box_errors.items()}
    return problems | ({"lists": form.list_error} if form.list_error else {})


def _to_kiosk(form_id: str) -> Response:
    lang = request.args.get("lang") or None
    return make_response(redirect(url_for("signup.kiosk", form_id=form_id, lang=lang), 303))


def _answer(page: str) -> Response:
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer
