"""The workspace for programs: its settings, who works there, which programs have a key."""

from typing import Annotated, Any, Literal

from flask import g
from pydantic import AfterValidator, AwareDatetime, Field, WithJsonSchema

from mailer.accounts import queries
from mailer.accounts.change_settings import change_settings
from mailer.accounts.keys import create_key, revoke_key
from mailer.accounts.models import ApiKey, Membership, Workspace
from mailer.accounts.roles import Role
from mailer.accounts.scopes import EVERYTHING, READING, SCOPES, is_granted
from mailer.api.guards import api_blueprint
from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Given, Line, Shown, changes_of, given, list_of, printable
from mailer.db import db, owned
from mailer.errors import Forbidden
from mailer.lib.clock import utcnow

bp = api_blueprint("accounts_api", __name__, tag="Workspace")


_Scope = Annotated[
    str,
    Field(description="* for everything, *:read for all reading, or one by one."),
    WithJsonSchema({"type": "string", "enum": [EVERYTHING, READING, *SCOPES]}),
]


class WorkspaceShown(Shown):
    """The workspace that the key belongs to."""

    object: Literal["workspace"] = "workspace"
    id: str
    name: str
    slug: str
    time_zone: str
    locale: str
    postal_address: str
    accent_color: str
    created_at: AwareDatetime


class _Settings(Given):
    """A workspace’s settings."""

    name: Line = Field(min_length=1, max_length=120, examples=["Ana’s Bakery"])
    time_zone: Line = Field(max_length=64, examples=["Europe/Lisbon"])
    locale: Line = Field(max_length=20, examples=["en-GB"])
    postal_address: Annotated[str, AfterValidator(printable)] = Field(
        max_length=300, description="Stands in every campaign’s footer, as the law of many countries asks."
    )
    accent_color: Line = Field(pattern=r"^#[0-9a-fA-F]{6}$", examples=["#b4532a"])


class MemberShown(Shown):
    """Somebody who works here."""

    object: Literal["member"] = "member"
    id: str
    name: str
    email: str
    role: Role
    created_at: AwareDatetime


class ApiKeyShown(Shown):
    """A program’s way in; its secret was shown once."""

    object: Literal["api_key"] = "api_key"
    id: str
    name: str
    scopes: list[_Scope]
    calls_per_minute: int | None = Field(description="Of its own; null where the one for every key holds.")
    hint: str = Field(description="The secret’s first characters.")
    last_used_at: AwareDatetime | None
    expires_at: AwareDatetime | None
    created_at: AwareDatetime


class NewApiKeyShown(ApiKeyShown):
    """A key with its secret, which cannot be read again."""

    secret: str = Field(examples=["mlr_3hRkX0cJ2m…"])


class NewApiKey(Given):
    """A key to be made."""

    name: Line = Field(min_length=1, max_length=120, examples=["Shop"])
    scopes: list[_Scope] = Field(min_length=1, max_length=100, examples=[["emails:send", "subscribers:read"]])
    calls_per_minute: int | None = Field(None, ge=1, le=1_000_000)
    expires_at: AwareDatetime | None = Field(None, description="From when on it works no longer.")


SettingsChanges = changes_of(_Settings, "SettingsChanges")
MemberPage = list_of(MemberShown, "MemberPage")
ApiKeyPage = list_of(ApiKeyShown, "ApiKeyPage")


@bp.get("/workspace")
@bp.output(WorkspaceShown)
def show_workspace() -> WorkspaceShown:
    """Read the workspace that the key belongs to."""
    return WorkspaceShown.of(g.workspace)


@bp.patch("/workspace", endpoint="update_workspace")
@bp.input(SettingsChanges)
@bp.output(WorkspaceShown)
def patch_workspace(json_data: Given) -> WorkspaceShown:
    """Change the workspace’s settings."""
    workspace = db.session.get_one(Workspace, g.workspace.id)
    change_settings(workspace, given(json_data))
    db.session.commit()
    return WorkspaceShown.of(workspace)


@bp.get("/members")
@bp.input(PageQuery, location="query")
@bp.output(MemberPage)
def index_members(query_data: PageQuery) -> dict[str, Any]:
    """Read who works here, newest first; people are invited on the page."""
    found = queries.all_members(g.workspace)
    return page(found, Membership, query_data, lambda rows: [_shown_member(row) for row in rows])


@bp.get("/api-keys", endpoint="index_api_keys")
@bp.input(PageQuery, location="query")
@bp.output(ApiKeyPage)
def index_keys(query_data: PageQuery) -> dict[str, Any]:
    """Read the keys that nobody took back, newest first."""
    found = queries.kept_keys(g.workspace)
    return page(found, ApiKey, query_data, ApiKeyShown.each_of)


@bp.post("/api-keys", endpoint="create_api_key")
@idempotent
@bp.input(NewApiKey)
@bp.output(NewApiKeyShown, status_code=201)
def post_key(json_data: NewApiKey) -> NewApiKeyShown:
    """Make a key that may do no more than yours; its secret is in this answer and in no other."""
    beyond = [scope for scope in json_data.scopes if not is_granted({scope}, held=g.api_key.scopes)]
    if beyond:
        raise Forbidden(f"Your key has not the scope “{beyond[0]}”, so that it cannot give it.")
    key, secret = create_key(g.workspace.id, **json_data.model_dump(), created_by_id=g.api_key.created_by_id)
    return NewApiKeyShown.of(key, secret=secret)


@bp.get("/api-keys/<key_id>", endpoint="show_api_key")
@bp.output(ApiKeyShown)
def show_key(key_id: str) -> ApiKeyShown:
    """Read one key."""
    return ApiKeyShown.of(_key(key_id))


@bp.post("/api-keys/<key_id>/revoke", endpoint="revoke_api_key")
@idempotent
@bp.output(ApiKeyShown)
def revoke(key_id: str) -> ApiKeyShown:
    """Take a key back for good, such as one that leaked."""
    key = _key(key_id)
    revoke_key(key, now=utcnow())
    return ApiKeyShown.of(key)


def _shown_member(member: Membership) -> MemberShown:
    return MemberShown.of(member, name=member.user.name, email=member.user.email)


def _key(key_id: str) -> ApiKey:
    return owned(ApiKey, g.workspace.id, key_id, otherwise="There is no such key.")
