"""The designs that a new workspace begins with."""

from pathlib import Path
from typing import Any, Final
from uuid import UUID

from mailer import signals
from mailer.accounts.models import Workspace
from mailer.composing.models import Template
from mailer.composing.save_template import create_template

_FOLDER: Final = Path(__file__).parent / "designs"

#: Name → file; the first one is what a new campaign starts from.
DESIGNS: Final = {
    "Newsletter": "newsletter.html",
    "Letter": "letter.html",
    "Announcement": "announcement.html",
}


def plant_designs(workspace_id: UUID) -> list[Template]:
    """Give a workspace our designs as templates of its own, which it may change."""
    # One by one, so that their ids keep this order.
    return [
        create_template(workspace_id, name=name, html=(_FOLDER / file).read_text(encoding="utf-8"))
        for name, file in DESIGNS.items()
    ]


@signals.workspace_founded.connect
def _welcome(workspace: Workspace, **_: Any) -> None:
    plant_designs(workspace.id)
