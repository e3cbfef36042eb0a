"""The library of pictures."""

from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.composing.media import queries
from mailer.composing.media import upload as verbs
from mailer.composing.media.models import Picture
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.clock import utcnow
from mailer.lib.lines import clean_search
from mailer.lib.pictures import USUAL_WIDTH
from mailer.web.answers import flash_with_undo, refusal_told, wants_json
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.pages import page_of

bp = workspace_blueprint("media", __name__)

_PAGE: int = 40


@bp.get("/media")
def index() -> ResponseReturnValue:
    """Show the pictures, newest first; programs of our own pages take JSON."""
    search = clean_search(request.args.get("q", ""))
    page = page_of(queries.pictures_of(g.workspace.id, search=search), Picture, size=_PAGE)
    if wants_json():
        return jsonify(media=[shown(picture) for picture in page.rows], after=page.after)
    return render_template("composing/media/index.html", page=page, search=search)


@bp.post("/media")
@requires(Role.EDITOR)
def create() -> ResponseReturnValue:
    """Take a picture in."""
    with refusal_told():
        picture = _uploaded()
        db.session.commit()
        if wants_json():
            html = render_template("composing/media/picture.html", picture=picture, is_new=True)
            return jsonify({**shown(picture), "html": html}), 201
        flash(f"“{picture.name}” is in the library. Say what it shows.", "success")
    return redirect(url_for(".index"))


@bp.post("/media/<picture_id>")
@requires(Role.EDITOR)
def update(picture_id: str) -> ResponseReturnValue:
    """Say what a picture shows."""
    picture = queries.picture_by_id(g.workspace.id, picture_id)
    with refusal_told():
        verbs.describe(picture, request.form.get("alt", ""))
        db.session.commit()
        if wants_json():
            return jsonify(shown(picture))
        flash("Saved.", "success")
    return redirect(url_for(".index"))


@bp.post("/media/<picture_id>/remove")
@requires(Role.EDITOR)
def remove(picture_id: str) -> ResponseReturnValue:
    """Offer a picture no more."""
    picture = queries.picture_by_id(g.workspace.id, picture_id)
    verbs.remove_picture(picture, now=utcnow())
    db.session.commit()
    undo = url_for(".restore", picture_id=picture_id)
    words = f"“{picture.name}” is out of the library. Mails that show it still do."
    flash_with_undo(words, undo)
    return redirect(url_for(".index"))


@bp.post("/media/<picture_id>/restore")
@requires(Role.EDITOR)
def restore(picture_id: str) -> ResponseReturnValue:
    """Offer it again."""
    verbs.restore_picture(queries.picture_by_id(g.workspace.id, picture_id))
    db.session.commit()
    return redirect(url_for(".index"))


@bp.app_template_global()
def picture_address(picture: Picture) -> str:
    """Return where mails get a picture from."""
    return queries.address_of(picture)


def shown(picture: Picture) -> dict[str, Any]:
    """Return a picture as the pickers of our pages see it; its width is the one to show it at."""
    return {
        "id": picture.public_id,
        "url": queries.address_of(picture),
        "thumbnail": url_for("pictures.show", name=picture.thumbnail_as),
        "name": picture.name,
        "alt": picture.alt,
        "width": min(picture.width, max(USUAL_WIDTH, picture.width // 2)),
        "pixels": [picture.width, picture.height],
        "bytes": picture.byte_count,
        "warning": picture.warning,
    }


def _uploaded() -> Picture:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("Choose a picture.")
    try:
        shown_width = int(request.form.get("shown_width", "") or USUAL_WIDTH)
    except ValueError:
        raise Invalid("The width is a number of pixels.") from None
    return verbs.upload_picture(
        g.workspace.id,
        file_name=file.filename,
        data=file.read(),
        alt=request.form.get("alt", ""),
        shown_width=shown_width,
        by=current_user.id,
    )
