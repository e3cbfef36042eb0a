"""Who may see a page: signed in, a member of the workspace in the address, with the role it takes."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Blueprint, Flask, abort, current_app, g, request, session
from flask_login import current_user
from sqlalchemy import select

from mailer.accounts.models import Membership, Workspace
from mailer.accounts.roles import Role
from mailer.db import begin_reading, db
from mailer.errors import Forbidden

P = ParamSpec("P")
R = TypeVar("R")

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Endpoints that answer though the database is down.
_WITHOUT_DATABASE = frozenset(
    {
        *("static", "health.healthz", "health.readyz", "pictures.show"),
        *("api_description.openapi", "api_description.reference", "api_description.llms"),
    }
)


def init_app(app: Flask) -> None:
    """Let pages that only look read without waiting for writers."""
    app.before_request(_begin)


def workspace_blueprint(name: str, import_name: str, **options: Any) -> Blueprint:
    """Return a blueprint for pages of one workspace, under ``/w/<workspace>``.

    Each request has ``g.workspace`` and ``g.membership``. A workspace that the person
    is no member of does not exist for them.
    """
    bp = Blueprint(name, import_name, url_prefix="/w/<workspace>", **options)
    bp.url_value_preprocessor(_take_workspace)
    bp.url_defaults(_give_workspace)
    bp.before_request(_enter_workspace)
    return bp


def signed_in_blueprint(name: str, import_name: str, **options: Any) -> Blueprint:
    """Return a blueprint for pages of a signed-in person outside any workspace."""
    bp = Blueprint(name, import_name, **options)
    bp.before_request(_require_sign_in)
    return bp


def requires(role: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let in members with at least this role."""

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not g.membership.may(role):
                raise Forbidden(
                    f"This takes the role “{role}” or higher; ask an owner of {g.workspace.name}."
                )
            return view(*args, **kwargs)

        return guarded

    return guard


def _begin() -> None:
    if request.method in _SAFE_METHODS and request.endpoint not in _WITHOUT_DATABASE:
        begin_reading()


def _take_workspace(endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.workspace_slug = (values or {}).pop("workspace", None)


def _give_workspace(endpoint: str, values: dict[str, Any]) -> None:
    if "workspace" not in values and "workspace" in g:
        values["workspace"] = g.workspace.slug


def _enter_workspace() -> Any:
    answer = _require_sign_in()
    if answer is not None:
        return answer
    membership = db.session.scalar(
        select(Membership)
        .join(Membership.workspace)
        .where(Workspace.slug == g.workspace_slug, Membership.user_id == current_user.id)
    )
    if membership is None:
        abort(404)
    g.membership, g.workspace = membership, membership.workspace
    if session.get("workspace") != g.workspace_slug:
        session["workspace"] = g.workspace_slug
    return None


def _require_sign_in() -> Any:
    if not current_user.is_authenticated:
        return current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
    return None
