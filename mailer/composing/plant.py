"""The designs that a new workspace begins with."""

from typing import Any
from uuid import UUID

from mailer import signals
from mailer.accounts.models import Workspace
from mailer.composing.gallery import GALLERY, gallery_design
from mailer.composing.models import Template
from mailer.composing.save_template import create_template


def plant_designs(workspace_id: UUID) -> list[Template]:
    """Give a workspace the gallery's designs as templates of its own, which it may change."""
    # One by one, so that their ids keep this order.
    return [
        create_template(workspace_id, name=entry.name, document=gallery_design(entry.key))
        for entry in GALLERY
    ]


@signals.workspace_founded.connect
def _welcome(workspace: Workspace, **_: Any) -> None:
    plant_designs(workspace.id)
