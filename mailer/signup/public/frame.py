"""What the pages of sign-up share: how they may be framed, which form an address means, what was sent."""

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from mailer.consent.forms import evidence_of_request
from mailer.consent.models import Channel
from mailer.db import DATABASE_AWAY, db
from mailer.lib.clock import utcnow
from mailer.signup.forms import EntryForm
from mailer.signup.shown import ShownForm, shown_form
from mailer.signup.write_down import Entry, write_down
from mailer.web.headers import csp_nonce
from mailer.web.languages import speak

bp = Blueprint("signup", __name__)


@bp.before_request
def listen() -> None:
    """Know the reader's language before anything can go wrong, such as a limit that is reached."""
    speak(request.args.get("lang", ""))


@bp.after_request
def allow_embedding(response: Response) -> Response:
    """Let other sites show the form in a frame; it acts for nobody who is signed in."""
    if request.args.get("embed"):
        hosts = " ".join(f"{host} https://{host}" for host in g.get("framing_hosts", ())) or "*"
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'self' 'nonce-{csp_nonce()}'; script-src 'self'; "
            f"img-src 'self' data: {g.get('picture_origin', '')}; connect-src 'self'; "
            f"form-action 'self' {hosts}; base-uri 'none'; frame-ancestors {hosts}"
        )
        response.headers.pop("X-Frame-Options", None)
    return response


def hand_back(_error: Exception) -> ResponseReturnValue:
    """Give everything that was typed back, to be sent once more, while the database is away."""
    db.session.rollback()
    # The database may be away before the language is known.
    listen()
    page = render_template("signup/away.html", typed=list(request.form.items(multi=True)))
    return page, 503, {"Retry-After": "60"}


for away in DATABASE_AWAY:
    bp.register_error_handler(away, hand_back)


def shown_at(public_id: str) -> ShownForm:
    """Return the form that an address means, in the language of whoever asks.

    :raises NotFound: there is none
    """
    shown = shown_form(public_id, speak(request.args.get("lang", "")))
    g.language, g.framing_hosts = shown.language, shown.design.hosts
    return shown


def write_entry(shown: ShownForm, form: EntryForm, *, place: str, key: str | None = None) -> None:
    """Write down what a valid form says.

    :raises Invalid: something cannot be kept after all, with what is wrong by field
    """
    entry = Entry(
        form.email.data or "",
        form.lists(),
        ticked=form.ticked,
        source=form.source(),
        place=place,
        key=key,
        **form.answers(),
    )
    write_down(shown, entry, evidence=evidence_of_request(Channel.SIGNUP_PAGE), now=utcnow())
