"""The designer of sign-up forms, with a preview that follows what is typed."""

from typing import Any, Final

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from mailer.accounts.roles import Role
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.audience.queries.lists import current_lists
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.clock import utcnow
from mailer.signup import queries
from mailer.signup.designs import LANGUAGES, MOST_BOXES, Design, Input
from mailer.signup.forms import DesignForm, entry_form
from mailer.signup.mails import preview_mail
from mailer.signup.models import Form
from mailer.signup.save_form import close_form, create_form, reopen_form, save_form
from mailer.signup.shown import ShownForm, shown_draft
from mailer.web.answers import show_on
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.headers import framed_by_us

bp = workspace_blueprint("designing", __name__)

#: What the preview shows.
PARTS: Final = {"form": "The form", "thanks": "Afterwards", "confirm": "Confirmation", "welcome": "Welcome"}


@bp.get("/forms")
def index() -> str:
    """List the forms, with how each does."""
    is_archive = request.args.get("closed") == "1"
    return render_template(
        "signup/forms/index.html",
        forms=queries.forms_of(g.workspace.id, is_archive=is_archive),
        figures=queries.figures_of(g.workspace.id, now=utcnow()),
        is_archive=is_archive,
        has_lists=bool(current_lists(g.workspace.id)),
    )


@bp.get("/forms/new")
@requires(Role.EDITOR)
def new() -> ResponseReturnValue:
    """Show the designer, empty but for what most want."""
    lists = current_lists(g.workspace.id)
    if not lists:
        raise Invalid("A form leads to a list; make one first.")
    wanted = request.args.get("list", "")
    chosen = next((each for each in lists if each.public_id == wanted), lists[0])
    design = Design(list_ids=(chosen.public_id,), inputs=(Input(key="name"),), languages=(_language(),))
    form = DesignForm.showing("", design, design.languages[0], accent=g.workspace.accent_color)
    return _page(None, design, form)


@bp.post("/forms")
@requires(Role.EDITOR)
def create() -> ResponseReturnValue:
    """Make a form."""
    form = DesignForm()
    try:
        design = _typed(form, None)
        made = create_form(g.workspace.id, form.name.data or "", design, by=current_user.id)
    except Invalid as error:
        return _refused(None, form, error)
    db.session.commit()
    flash("The form is open. Put it on your site, or share its page.", "success")
    return redirect(url_for("signup_forms.sharing.show", form_id=made.public_id))


@bp.get("/forms/<form_id>/edit")
@requires(Role.EDITOR)
def edit(form_id: str) -> str:
    """Show the designer."""
    made = queries.form_by_id(g.workspace.id, form_id)
    design = queries.design_of(made)
    form = DesignForm.showing(made.name, design, _edited(design), accent=g.workspace.accent_color)
    return _page(made, design, form)


@bp.post("/forms/<form_id>/edit")
@requires(Role.EDITOR)
def update(form_id: str) -> ResponseReturnValue:
    """Change a form; what it showed before stays as a version."""
    made = queries.form_by_id(g.workspace.id, form_id)
    form = DesignForm()
    try:
        design = _typed(form, queries.design_of(made))
        is_changed = save_form(made, form.name.data or "", design, by=current_user.id)
    except Invalid as error:
        return _refused(made, form, error)
    db.session.commit()
    flash("Saved; it is shown like this from now on." if is_changed else "Saved.", "success")
    language = request.form.get("next_language", "")
    if language in LANGUAGES:
        return redirect(url_for(".edit", form_id=form_id, language=language))
    return redirect(url_for("signup_forms.sharing.show", form_id=form_id))


@bp.post("/forms/preview")
@requires(Role.EDITOR)
def preview() -> Response:
    """Show what is typed as it would be shown; nothing is saved."""
    public_id = request.form.get("form_id", "")
    made = queries.form_by_id(g.workspace.id, public_id) if public_id else None
    form = DesignForm()
    try:
        design = _typed(form, queries.design_of(made) if made else None)
    except Invalid as error:
        return framed_by_us(render_template("signup/forms/no_preview.html", message=error.message))
    shown = shown_draft(made, g.workspace, design, request.form.get("language", ""))
    return framed_by_us(_preview(shown, request.form.get("part", "form")))


@bp.post("/forms/<form_id>/close")
@requires(Role.EDITOR)
def close(form_id: str) -> ResponseReturnValue:
    """Take nobody in any more."""
    close_form(queries.form_by_id(g.workspace.id, form_id), now=utcnow())
    db.session.commit()
    undo = url_for(".reopen", form_id=form_id)
    flash({"text": "Closed: it takes nobody in any more.", "undo": undo}, "success")  # type: ignore[arg-type]
    return redirect(url_for(".index"))


@bp.post("/forms/<form_id>/reopen")
@requires(Role.EDITOR)
def reopen(form_id: str) -> ResponseReturnValue:
    """Take people in again."""
    reopen_form(queries.form_by_id(g.workspace.id, form_id))
    db.session.commit()
    flash("Open again.", "success")
    return redirect(url_for("signup_forms.sharing.show", form_id=form_id))


def _typed(form: DesignForm, before: Design | None) -> Design:
    fields = fields_of(g.workspace.id)
    language = request.form.get("language", "")
    if language not in LANGUAGES:
        raise Invalid("Choose a language.")
    return form.design(request.form, before, language, fields)


def _edited(design: Design) -> str:
    wanted = request.values.get("language", "")
    return wanted if wanted in design.languages else design.languages[0]


def _language() -> Any:
    tag = g.workspace.locale.partition("-")[0]
    return tag if tag in LANGUAGES else LANGUAGES[0]


def _refused(made: Form | None, form: DesignForm, error: Invalid) -> ResponseReturnValue:
    db.session.rollback()
    show_on(form, error)
    design = queries.design_of(made) if made else Design(list_ids=("lst_" + "0" * 26,))
    return _page(made, design, form), 422


def _page(made: Form | None, design: Design, form: DesignForm) -> str:
    given = request.form if request.method == "POST" else None
    language = _edited(design) if given is None else request.form.get("language", "en")
    return render_template(
        "signup/forms/edit.html",
        made=made,
        design=design,
        form=form,
        language=language,
        chosen=_chosen(design, language, given),
        lists=current_lists(g.workspace.id),
        fields=fields_of(g.workspace.id),
        most_boxes=MOST_BOXES,
        parts=PARTS,
    )


def _chosen(design: Design, language: str, given: MultiDict[str, str] | None) -> dict[str, Any]:
    """Return what the inputs that are no fields of the form have: as typed, or as it was."""
    if given is not None:
        return {
            "lists": given.getlist("list_ids"),
            "languages": given.getlist("languages"),
            "first_language": given.get("first_language", ""),
            "asks": {key.removeprefix("asks."): value for key, value in given.items() if key[:5] == "asks."},
            "boxes": [
                (given.get(f"box{number}.words", ""), bool(given.get(f"box{number}.is_required")))
                for number in range(MOST_BOXES)
            ],
        }
    words = design.words.get(language)  # type: ignore[call-overload]
    return {
        "lists": design.list_ids,
        "languages": design.languages,
        "first_language": design.languages[0],
        "asks": {each.key: each.asking.value for each in design.inputs},
        "boxes": [(box.words, box.is_required) for box in (words.boxes if words else ())],
    }


def _preview(shown: ShownForm, part: str) -> str:
    g.language = shown.language
    if part in {"confirm", "welcome"}:
        html = preview_mail(shown, part)  # type: ignore[arg-type]
        return html or render_template("signup/forms/no_preview.html", message="No mail of its own is sent.")
    template = "signup/thanks.html" if part == "thanks" else "signup/sign_up.html"
    return render_template(
        template,
        shown=shown,
        workspace=shown.workspace,
        form=entry_form(shown, MultiDict()),
        page_language=shown.language,
        look=shown.design.look,
        is_preview=True,
    )
