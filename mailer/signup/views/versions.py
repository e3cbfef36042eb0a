"""What a form showed at other times."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from mailer.accounts.roles import Role
from mailer.db import db
from mailer.signup import queries
from mailer.signup.forms import entry_form
from mailer.signup.save_form import restore_version
from mailer.signup.shown import shown_version
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.headers import framed_by_us

bp = workspace_blueprint("versions", __name__)


@bp.get("/form-versions/<version_id>")
def show(version_id: str) -> str:
    """Show a form as it was, with when and by whom it was made so."""
    version = queries.version_by_id(g.workspace.id, version_id)
    return render_template(
        "signup/forms/version.html",
        version=version,
        is_newest=queries.newest_version(version.form).id == version.id,
        languages=shown_version(version, "").design.languages,
    )


@bp.get("/form-versions/<version_id>/<language>/frame")
def frame(version_id: str, language: str) -> Response:
    """Show the page itself, in one of its languages."""
    shown = shown_version(queries.version_by_id(g.workspace.id, version_id), language)
    g.language = shown.language
    return framed_by_us(
        render_template(
            "signup/sign_up.html",
            shown=shown,
            workspace=shown.workspace,
            form=entry_form(shown, MultiDict()),
            page_language=shown.language,
            look=shown.design.look,
            is_preview=True,
        )
    )


@bp.post("/form-versions/<version_id>/restore")
@requires(Role.EDITOR)
def restore(version_id: str) -> ResponseReturnValue:
    """Show it again like this."""
    version = queries.version_by_id(g.workspace.id, version_id)
    restore_version(version, by=current_user.id)
    db.session.commit()
    flash(f"Version {version.number} is shown again.", "success")
    return redirect(url_for("signup_forms.sharing.show", form_id=version.form.public_id))
