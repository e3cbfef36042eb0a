"""A list's own sign-up page, open to everyone, working without JavaScript."""

import time
from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address, ip_network
from typing import Any, Final

from flask import Blueprint, Response, g, redirect, render_template, request, url_for

from mailer.audience.lists import consent_words
from mailer.audience.models import MailingList
from mailer.audience.queries import public_list
from mailer.consent.forms import evidence_of_request
from mailer.consent.models import Channel
from mailer.current import settings
from mailer.db import db
from mailer.errors import NotFound
from mailer.lib.clock import utcnow
from mailer.signup.forms import SignUpForm
from mailer.signup.sign_up import sign_up
from mailer.signup.traps import Pace, opened_note, pace_of
from mailer.web.limits import limiter

bp = Blueprint("signup", __name__)

#: Sign-ups of one network, by the minute and the day; a hasty one counts five times.
_PER_NETWORK: Final = "60 per minute; 1000 per day"
_HASTY_COST: Final = 5
#: Every answer takes this long at least, so that its time does not tell who is known.
_ANSWER_SECONDS: Final = 0.12


@bp.after_request
def allow_embedding(response: Response) -> Response:
    """Let other sites show the small form in a frame; it acts for nobody who is signed in."""
    if request.args.get("embed"):
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'self' 'nonce-{g.csp_nonce}'; img-src data:; form-action 'self'; "
            "base-uri 'none'; frame-ancestors *"
        )
    return response


@bp.get("/s/<list_id>")
def show(list_id: str) -> str:
    """Show the form."""
    return _page(_list(list_id), SignUpForm(request.args))


def _network() -> str:
    address = ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104  - only a name for "unknown"
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False))


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


@bp.post("/s/<list_id>")
@limiter.limit(_PER_NETWORK, key_func=_network, cost=_cost)
@_takes_its_time
def create(list_id: str) -> Any:
    """Take a sign-up, and answer the same whoever it was."""
    mailing_list = _list(list_id)
    form = SignUpForm(request.form)
    if not form.validate():
        return _page(mailing_list, form), 422
    if _pace() is Pace.UNSEEN:
        return _page(mailing_list, form, is_once_more=True)
    if not form.website.data:
        sign_up(
            mailing_list,
            form.email.data or "",
            name=form.name.data or "",
            evidence=evidence_of_request(Channel.SIGNUP_PAGE, words=consent_words(mailing_list)),
            now=utcnow(),
        )
        db.session.commit()
    return redirect(url_for("signup.thanks", list_id=list_id, embed=request.args.get("embed")), 303)


@bp.get("/s/<list_id>/thanks")
def thanks(list_id: str) -> str:
    """Say what comes next, to everybody alike."""
    mailing_list = _list(list_id)
    return render_template(
        "signup/thanks.html",
        workspace=mailing_list.workspace,
        mailing_list=mailing_list,
        embedded=bool(request.args.get("embed")),
    )


def _list(public_id: str) -> MailingList:
    mailing_list = public_list(public_id)
    if mailing_list is None:
        raise NotFound("There is no sign-up page here. Perhaps the list was closed.")
    return mailing_list


def _pace() -> Pace:
    return pace_of(request.form.get("opened", ""), settings().secret_key, now=utcnow())


def _page(mailing_list: MailingList, form: SignUpForm, *, is_once_more: bool = False) -> str:
    form.opened.data = opened_note(settings().secret_key, now=utcnow())
    return render_template(
        "signup/sign_up.html",
        workspace=mailing_list.workspace,
        mailing_list=mailing_list,
        form=form,
        consent_words=consent_words(mailing_list),
        is_once_more=is_once_more,
        embedded=bool(request.args.get("embed")),
    )
