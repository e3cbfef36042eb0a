"""The inbox: every mail that "left" this installation while it catches them.

It shows the mails of all workspaces, links that sign people in included, so it takes
an admin; and it is not there at all once mail really leaves (``MAILER_SMTP_URL``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mailer import current
from mailer.accounts.roles import Role
from mailer.catcher.parts import parts_of
from mailer.catcher.store import CaughtMail, Store
from mailer.lib.lines import clean_search
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.pages import Page

bp = workspace_blueprint("catcher", __name__)

_PAGE: Final = 50
#: For a mail's HTML: nothing runs; pictures load, our pixel among them, so that reading a
#: mail here counts as an open; links lead to tabs of their own.
_MAIL_POLICY: Final = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src http: https: data:; "
    "style-src 'unsafe-inline'; font-src http: https: data:; frame-ancestors 'self'"
)


@bp.get("/inbox")
@requires(Role.ADMIN)
def index() -> str:
    """List the caught mails, newest first."""
    search = clean_search(request.args.get("q", ""))
    older, newer = request.args.get("after", type=int), request.args.get("before", type=int)
    with _store() as store:
        mails = store.newest(search=search, below=older, above=newer, limit=_PAGE + 1)
        total = store.count()
    if newer is not None:
        has_older, has_newer, mails = True, len(mails) > _PAGE, mails[-_PAGE:]
    else:
        has_older, has_newer, mails = len(mails) > _PAGE, older is not None, mails[:_PAGE]
    page = Page(
        mails,
        after=str(mails[-1].id) if mails and has_older else None,
        before=str(mails[0].id) if mails and has_newer else None,
    )
    return render_template("catcher/index.html", page=page, q=search, total=total)


@bp.get("/inbox/<int:number>")
@requires(Role.ADMIN)
def show(number: int) -> str:
    """Show one mail: as it looks, as text, its headers, its source."""
    mail, source = _found(number)
    return render_template(
        "catcher/show.html",
        mail=mail,
        parts=parts_of(source),
        source=source.decode("utf-8", "replace"),
    )


@bp.get("/inbox/<int:number>/html")
@requires(Role.ADMIN)
def html(number: int) -> Response:
    """Give a mail's HTML alone, for the frame that shows it."""
    _, source = _found(number)
    page = Response('<base target="_blank">' + parts_of(source).html, mimetype="text/html")
    page.headers["Content-Security-Policy"] = _MAIL_POLICY
    page.headers["X-Frame-Options"] = "SAMEORIGIN"
    # Links in a mail must not tell where they were followed from.
    page.headers["Referrer-Policy"] = "no-referrer"
    return page


@bp.post("/inbox/empty")
@requires(Role.ADMIN)
def empty() -> ResponseReturnValue:
    """Throw every caught mail away."""
    with _store() as store:
        count = store.count()
        store.delete_all()
    flash(f"{count} mails were thrown away." if count != 1 else "One mail was thrown away.", "success")
    return redirect(url_for(".index"))


@contextmanager
def _store() -> Iterator[Store]:
    store = Store(current.settings().data_dir)
    try:
        yield store
    finally:
        store.close()


def _found(number: int) -> tuple[CaughtMail, bytes]:
    with _store() as store:
        return store.get(number) or abort(404)
