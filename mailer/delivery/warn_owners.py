"""Telling a workspace's owners by mail that a sending domain needs them, before its mail stops to arrive."""

from collections.abc import Sequence
from uuid import UUID

from mailer import signals
from mailer.accounts.models import Workspace
from mailer.accounts.queries import owners_of
from mailer.current import settings
from mailer.db import db
from mailer.lib.system_mail import SystemMail


def warn_owners(workspace_id: UUID, domain: str, troubles: Sequence[str], *, page: str = "") -> None:
    """Write to each owner what is wrong with a domain.

    :param troubles: one sentence each, with what to do
    :param page: which of the pages about sending domains says more, as a path below theirs
    """
    workspace = db.session.get_one(Workspace, workspace_id)
    page_url = f"{settings().base_url}/w/{workspace.slug}/settings/domains{page}"
    values = {"workspace": workspace.name, "domain": domain, "troubles": troubles, "page_url": page_url}
    for owner in owners_of(workspace_id):
        signals.mail_wanted.send(SystemMail("domain_in_trouble", workspace_id, owner, values))
