"""Telling an endpoint nothing more, and the owners of its workspace that this is so."""

from datetime import datetime

from mailer import signals
from mailer.accounts.queries import owners_of
from mailer.current import settings
from mailer.db import db
from mailer.lib.system_mail import SystemMail
from mailer.webhooks.models import Endpoint
from mailer.webhooks.tell import asked


def disable(endpoint: Endpoint, reason: str, *, now: datetime) -> None:
    """Switch an endpoint off by itself; what waits for it stays, and goes out once it is switched on."""
    endpoint.disable(reason, at=now)
    asked.forget(endpoint.workspace_id)
    db.session.flush()
    workspace = endpoint.workspace
    settings_url = f"{settings().base_url}/w/{workspace.slug}/settings"
    for email in owners_of(endpoint.workspace_id):
        signals.mail_wanted.send(
            SystemMail(
                template="webhook_disabled",
                workspace_id=workspace.id,
                to=email,
                values={
                    "workspace": workspace.name,
                    "url": endpoint.url,
                    "reason": endpoint.disabled_reason,
                    "page_url": f"{settings_url}/webhooks/{endpoint.public_id}",
                },
            )
        )
