"""The one-time link that a new installation prints: whoever opens it becomes the first owner.

Only a hash of its token is stored. Each start makes a new link and ends the one before;
once anybody can sign in there is none, and the row is gone.
"""

import secrets

from sqlalchemy import delete

from mailer import current
from mailer.accounts.found import create_user, found_workspace
from mailer.accounts.models import Installation, User, Workspace
from mailer.accounts.queries import has_users
from mailer.db import db
from mailer.errors import NotFound
from mailer.lib.secrets import fingerprint

_KEY = "first_run_token"


def open_first_run() -> str | None:
    """Return a fresh link to the first-run page, or None when someone can sign in already."""
    if has_users():
        return None
    token = secrets.token_urlsafe(24)
    db.session.merge(Installation(key=_KEY, value=fingerprint(token)))
    db.session.flush()
    return f"{current.settings().base_url}/welcome/{token}"


def check_first_run(token: str) -> None:
    """Do nothing if this link may still be used.

    :raises NotFound: it was used, replaced or never made
    """
    row = db.session.get(Installation, _KEY)
    if row is None or not secrets.compare_digest(row.value, fingerprint(token)) or has_users():
        raise NotFound("This link has been used or replaced. Start Mailer again to see the newest one.")


def finish_first_run(
    token: str, *, workspace: str, time_zone: str, name: str, email: str, password: str
) -> tuple[User, Workspace]:
    """Make the first owner and the first workspace, and close the link for good.

    :raises NotFound: somebody else was first
    :raises Invalid: something typed cannot be used
    """
    # The delete decides: of two who post at once, one finds no row.
    taken = db.session.execute(
        delete(Installation).where(Installation.key == _KEY, Installation.value == fingerprint(token))
    )
    if taken.rowcount != 1 or has_users():  # type: ignore[attr-defined]
        raise NotFound("This link has been used or replaced. Start Mailer again to see the newest one.")
    owner = create_user(email=email, password=password, name=name)
    return owner, found_workspace(workspace, owner, time_zone=time_zone)
