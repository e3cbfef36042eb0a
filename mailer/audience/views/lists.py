"""Mailing lists: how they grow, their sign-up page, their settings."""

from collections.abc import Sequence
from datetime import timedelta

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.audience.forms import ListForm
from mailer.audience.lists import archive_list, consent_words, create_list, restore_list, update_list
from mailer.audience.models import MailingList
from mailer.audience.queries.growth import growth_of_list
from mailer.audience.queries.lists import archived_lists, counts_of, current_lists, list_by_id
from mailer.current import settings
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.web.answers import flash_with_undo, refusal_shown
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("lists", __name__)

_GROWTH_DAYS = 90

#: What people put on their own site: a form in their look, or ours in a frame.
_FORM_CODE = """\
<form action="{url}" method="post">
  <label>Email <input type="email" name="email" required></label>
  <button>Subscribe</button>
</form>"""
_FRAME_CODE = '<iframe src="{url}?embed=1" title="Subscribe" width="100%" height="480"></iframe>'


@bp.get("/lists")
def index() -> str:
    """List the lists."""
    return _index(current_lists(g.workspace.id), is_archive=False)


@bp.get("/lists/archived")
def archived() -> str:
    """List those that were retired."""
    return _index(archived_lists(g.workspace.id), is_archive=True)


@bp.get("/lists/new")
@requires(Role.EDITOR)
def new() -> str:
    """Ask what the list is."""
    return render_template("audience/lists/form.html", form=ListForm(), mailing_list=None)


@bp.post("/lists")
@requires(Role.EDITOR)
def create() -> ResponseReturnValue:
    """Make a list."""
    form = ListForm()
    if form.validate():
        with refusal_shown(form):
            mailing_list = create_list(g.workspace.id, form.chosen())
            db.session.commit()
            flash(f"“{mailing_list.name}” is ready.", "success")
            return redirect(url_for(".show", list_id=mailing_list.public_id))
    return render_template("audience/lists/form.html", form=form, mailing_list=None), 422


@bp.get("/lists/<list_id>")
def show(list_id: str) -> str:
    """Show a list's size and growth, and the way in."""
    mailing_list = _list(list_id)
    today = utcnow().date()
    growth = growth_of_list(mailing_list, since=today - timedelta(days=_GROWTH_DAYS - 1), until=today)
    sign_up_url = f"{settings().base_url}{url_for('signup.show', form_id=list_id)}"
    return render_template(
        "audience/lists/show.html",
        mailing_list=mailing_list,
        counts=counts_of([mailing_list])[mailing_list.id],
        growth=growth,
        joined=sum(day.joined for day in growth[-30:]),
        departed=sum(day.departed for day in growth[-30:]),
        sign_up_url=sign_up_url,
        form_code=_FORM_CODE.format(url=sign_up_url),
        frame_code=_FRAME_CODE.format(url=sign_up_url),
        consent_words=consent_words(mailing_list),
    )


@bp.get("/lists/<list_id>/edit")
@requires(Role.EDITOR)
def edit(list_id: str) -> str:
    """Ask what should change."""
    mailing_list = _list(list_id)
    form = ListForm(obj=mailing_list)
    return render_template("audience/lists/form.html", form=form, mailing_list=mailing_list)


@bp.post("/lists/<list_id>")
@requires(Role.EDITOR)
def update(list_id: str) -> ResponseReturnValue:
    """Change a list."""
    mailing_list, form = _list(list_id), ListForm()
    if form.validate():
        with refusal_shown(form):
            update_list(mailing_list, form.chosen())
            db.session.commit()
            flash("Saved.", "success")
            return redirect(url_for(".show", list_id=list_id))
    return render_template("audience/lists/form.html", form=form, mailing_list=_list(list_id)), 422


@bp.post("/lists/<list_id>/archive")
@requires(Role.EDITOR)
def archive(list_id: str) -> ResponseReturnValue:
    """Retire a list."""
    mailing_list = _list(list_id)
    archive_list(mailing_list, now=utcnow())
    db.session.commit()
    undo = url_for(".restore", list_id=list_id)
    flash_with_undo(f"“{mailing_list.name}” is archived.", undo)
    return redirect(url_for(".index"))


@bp.post("/lists/<list_id>/restore")
@requires(Role.EDITOR)
def restore(list_id: str) -> ResponseReturnValue:
    """Bring a list back."""
    mailing_list = _list(list_id)
    restore_list(mailing_list)
    db.session.commit()
    flash(f"“{mailing_list.name}” is back.", "success")
    return redirect(url_for(".show", list_id=list_id))


def _list(list_id: str) -> MailingList:
    return list_by_id(g.workspace.id, list_id)


def _index(lists: Sequence[MailingList], *, is_archive: bool) -> str:
    return render_template(
        "audience/lists/index.html",
        lists=lists,
        counts=counts_of(lists),
        is_archive=is_archive,
    )
