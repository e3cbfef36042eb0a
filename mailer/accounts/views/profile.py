"""Someone's own page: name, password, second factor."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.forms import ProfileForm
from mailer.db import db

bp = Blueprint("profile", __name__)


@bp.route("/profile", methods=["GET", "POST"])
def show() -> ResponseReturnValue:
    """Show someone what is known of them, and let them change their name."""
    form = ProfileForm(obj=current_user)
    if form.validate_on_submit():
        current_user.name = str(form.name.data).strip()
        db.session.commit()
        flash("Your name is saved.", "success")
        return redirect(url_for(".show"))
    codes = current_user.mf_recovery_codes or []
    return render_template(
        "accounts/profile.html",
        form=form,
        has_two_factor=bool(current_user.tf_primary_method),
        code_count=len(codes),
    )
