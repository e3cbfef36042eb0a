"""The beginning of things: a workspace, and someone who owns it."""

import re
import secrets
import unicodedata
from zoneinfo import available_timezones

from sqlalchemy import select

from mailer import signals
from mailer.accounts.models import Membership, User, Workspace
from mailer.accounts.queries import user_by_email
from mailer.accounts.roles import Role
from mailer.accounts.security import hash_password
from mailer.db import db
from mailer.errors import Conflict, Invalid
from mailer.lib.addresses import clean_address

#: Would be read as something else in an address.
_TAKEN_SLUGS = frozenset({"new", "static", "api", "login", "profile"})
_LONGEST_SLUG = 48


def found_workspace(name: str, owner: User, *, time_zone: str = "UTC") -> Workspace:
    """Make a workspace and its first owner's place in it.

    :param time_zone: an IANA name such as ``Europe/Vienna``
    :raises Invalid: the name is empty, or there is no such zone
    """
    name = name.strip()
    if not name:
        raise Invalid("Give the workspace a name.", fields={"workspace": "Give the workspace a name."})
    if time_zone not in available_timezones():
        raise Invalid(f"There is no time zone “{time_zone}”.", fields={"time_zone": "Choose a zone."})
    workspace = Workspace(name=name, slug=_free_slug(name), time_zone=time_zone)
    db.session.add(workspace)
    db.session.flush()
    db.session.add(Membership(workspace_id=workspace.id, user_id=owner.id, role=Role.OWNER))
    db.session.flush()
    signals.workspace_founded.send(workspace)
    return workspace


def create_user(*, email: str, password: str, name: str = "") -> User:
    """Make someone who can sign in.

    :raises Invalid: the address or the password cannot be used
    :raises Conflict: someone signs in with that address already
    """
    email = clean_address(email).lower()
    if user_by_email(email) is not None:
        raise Conflict(f"{email} signs in here already.", fields={"email": f"{email} signs in here already."})
    user = User(
        email=email,
        name=name.strip(),
        password=hash_password(password, email=email),
        fs_uniquifier=secrets.token_hex(32),
    )
    db.session.add(user)
    db.session.flush()
    return user


def create_owner(*, email: str, password: str, workspace: str, name: str = "") -> tuple[User, Workspace]:
    """Make someone who can sign in, with a workspace of their own (the command line's way in)."""
    owner = create_user(email=email, password=password, name=name)
    return owner, found_workspace(workspace, owner)


def _free_slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", re.sub(r"['’]", "", plain)).strip("-")[:_LONGEST_SLUG] or "workspace"
    is_taken = slug in _TAKEN_SLUGS or db.session.scalar(select(Workspace.id).where(Workspace.slug == slug))
    return f"{slug}-{secrets.token_hex(3)}" if is_taken else slug
