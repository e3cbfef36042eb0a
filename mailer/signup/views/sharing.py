"""How a form reaches people: its page, its codes for other sites, posters and the kiosk; and who came."""

from base64 import b64encode
from dataclasses import replace
from typing import Any, Final

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.current import settings
from mailer.db import db
from mailer.errors import Invalid, MailerError
from mailer.lib.clock import utcnow
from mailer.lib.lines import clean_line
from mailer.lib.pictures import MIME_TYPES
from mailer.signup import queries
from mailer.signup.kiosk import set_pin
from mailer.signup.models import Form
from mailer.signup.poster import squares_of
from mailer.signup.poster_lines import lines_of
from mailer.signup.poster_pdf import Poster, poster_pdf
from mailer.signup.shown import shown_version
from mailer.web.brands import brand_of, logo_of
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.languages import catalogue

bp = workspace_blueprint("sharing", __name__)

#: Ways in which our script shows a form on another site.
SHOWS: Final = {
    "inline": "In its place",
    "popup": "Pop-up",
    "slidein": "Slide-in",
    "bar": "Bar",
}
TRIGGERS: Final = {"time": "After some seconds", "scroll": "After scrolling", "exit": "When they leave"}


@bp.get("/forms/<form_id>")
def show(form_id: str) -> str:
    """Show a form's ways out, and how it does."""
    form = queries.form_by_id(g.workspace.id, form_id)
    version = queries.newest_version(form)
    show = request.args.get("show", "inline")
    return render_template(
        "signup/forms/show.html",
        form=form,
        version=version,
        shown=shown_version(version, ""),
        url=_url(form),
        base_url=settings().base_url,
        figures=queries.figures_of(g.workspace.id, now=utcnow()).get(form.id, queries.Figures()),
        confirmed=queries.confirmed_count(form),
        places=queries.places_of(form),
        show=show if show in SHOWS else "inline",
        shows=SHOWS,
        triggers=TRIGGERS,
        trigger=request.args.get("trigger", "time"),
        amount=_number("amount", 10, most=600),
        again=_number("again", 7, most=365),
    )


@bp.get("/forms/<form_id>/poster")
def poster(form_id: str) -> str:
    """Show a poster for one place, to print or to keep as PDF."""
    form = queries.form_by_id(g.workspace.id, form_id)
    return render_template("signup/forms/poster.html", **_poster(form))


@bp.get("/forms/<form_id>/poster.svg")
def poster_svg(form_id: str) -> Response:
    """Hand out the code of a place as a drawing."""
    form = queries.form_by_id(g.workspace.id, form_id)
    drawn = render_template("signup/forms/code.svg", **_poster(form))
    return _attached(drawn, "image/svg+xml", f"{form.public_id}.svg")


@bp.get("/forms/<form_id>/poster.pdf")
def poster_sheet(form_id: str) -> Response:
    """Hand out the poster of a place as PDF.

    :raises Invalid: its letters are none that a PDF of ours has
    """
    form = queries.form_by_id(g.workspace.id, form_id)
    sheet, brand = _poster(form)["sheet"], brand_of(g.workspace)
    if not sheet.has_its_letters:
        raise Invalid("A PDF of ours has no such letters; download the poster as a drawing instead.")
    packed = poster_pdf(replace(sheet, logo=logo_of(brand)), brand)
    return _attached(packed, "application/pdf", f"{form.public_id}.pdf")


@bp.get("/forms/<form_id>/poster-sheet.svg")
def poster_drawing(form_id: str) -> Response:
    """Hand out the poster of a place as a drawing, in whatever letters it is written."""
    form = queries.form_by_id(g.workspace.id, form_id)
    values, brand = _poster(form), brand_of(g.workspace)
    logo = logo_of(brand)
    drawn = render_template(
        "signup/forms/poster_sheet.svg",
        **values,
        brand=brand,
        wrapped=lines_of,
        logo=f"data:{_type_of(brand.logo_src)};base64,{b64encode(logo).decode()}" if logo else "",
    )
    return _attached(drawn, "image/svg+xml", f"{form.public_id}-poster.svg")


@bp.post("/forms/<form_id>/pin")
@requires(Role.EDITOR)
def change_pin(form_id: str) -> ResponseReturnValue:
    """Set the number that opens the kiosk, or take it away."""
    form = queries.form_by_id(g.workspace.id, form_id)
    try:
        set_pin(form, request.form.get("pin", ""))
    except MailerError as error:
        db.session.rollback()
        flash(error.message, "error")
    else:
        db.session.commit()
        flash("The kiosk is ready." if form.kiosk_pin else "The kiosk is closed.", "success")
    return redirect(url_for(".show", form_id=form_id, _anchor="kiosk"))


def _type_of(address: str) -> str:
    return MIME_TYPES[address.rpartition(".")[2]]


def _attached(data: bytes | str, mime_type: str, name: str) -> Response:
    response = Response(data, mimetype=mime_type)
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


def _poster(form: Form) -> dict[str, Any]:
    place = clean_line(request.args.get("place", ""), label="The place", longest=60)
    url = _url(form, place=place)
    shown = shown_version(queries.newest_version(form), "")
    code = squares_of(url)
    _ = catalogue(shown.language).gettext
    return {
        "form": form,
        "shown": shown,
        "place": place,
        "url": url,
        "code": code,
        "sheet": Poster(
            title=shown.title,
            intro=shown.intro,
            rows=code.rows,
            call=_("Scan with your phone’s camera"),
            address=_url(form).partition("://")[2],
            sender=shown.workspace.name,
            place=place,
        ),
    }


def _url(form: Form, *, place: str = "") -> str:
    path = url_for("signup.show", form_id=form.public_id, place=place or None)
    return f"{settings().base_url}{path}"


def _number(name: str, otherwise: int, *, most: int) -> int:
    given = request.args.get(name, "")
    return min(int(given), most) if given.isdecimal() and len(given) < 6 else otherwise
