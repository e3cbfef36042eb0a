"""A mail as a page, for whoever holds its link."""

from typing import Final

from flask import Blueprint, Response

from mailer.db import db
from mailer.delivery.view_in_browser import page_of_delivery
from mailer.errors import NotFound
from mailer.web.languages import speak
from mailer.web.languages import translated as _

bp = Blueprint("view_in_browser", __name__)

#: The mail is somebody else's HTML on our address: nothing in it runs, sends or reads anything.
_POLICY: Final = (
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; "
    "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; font-src http: https: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@bp.get("/v/<token>")
def show(token: str) -> Response:
    """Show the message as its reader got it."""
    try:
        page = Response(page_of_delivery(token), mimetype="text/html")
    except NotFound:
        # A reader is told in their language, on a page that leads nowhere into the app.
        speak()
        raise NotFound(_("This mail is not here any more.")) from None
    db.session.rollback()
    page.headers["Content-Security-Policy"] = _POLICY
    page.headers["Referrer-Policy"] = "no-referrer"
    page.headers["X-Robots-Tag"] = "noindex, nofollow"
    page.headers["Cache-Control"] = "private, no-store"
    return page
