"""What a workspace counts of what its readers do, for programs."""

from typing import Annotated, Any, Final, Literal

from flask import g
from pydantic import Field

from mailer.api.guards import api_blueprint
from mailer.api.schemas import Domain, Given, Line, Shown, changes_of, given
from mailer.db import db
from mailer.delivery.models import TrackingMode
from mailer.errors import Invalid
from mailer.tracking.settings import Tracking, save_tracking, tracking_of

bp = api_blueprint("tracking_api", __name__, tag="Workspace")

#: Of all hosts of shops together, as they are kept.
_LONGEST_HOSTS: Final = 500
_MODE: Final = (
    "“full” counts opens and clicks of each person; “anonymous” only how many; “none” nothing. A campaign "
    "can say otherwise before it is sent. “track” of a single message never goes beyond it: such a message "
    "is one person’s, so that it is counted where this is “full” and not at all elsewhere."
)

_Tag = Annotated[Line, Field(pattern=r"^[\w.-]+$", max_length=60)]


class _Tracking(Given):
    """What is counted."""

    mode: TrackingMode = Field(description=_MODE)
    conversion_days: int = Field(
        ge=1, le=90, description="An order counts for the last click so many days before it."
    )
    shop_hosts: list[Domain] = Field(
        max_length=20,
        description="Links to them carry a token of the click, by which their pages tell orders.",
    )
    is_tagging: bool = Field(description="Whether web links get utm_source, utm_medium and utm_campaign.")
    utm_source: _Tag = Field(examples=["newsletter"])
    utm_medium: _Tag = Field(examples=["email"])


class TrackingShown(Shown):
    """What a workspace counts, from the next message on."""

    object: Literal["tracking"] = "tracking"
    mode: TrackingMode = Field(description=_MODE)
    conversion_days: int
    shop_hosts: list[str]
    is_tagging: bool
    utm_source: str
    utm_medium: str


TrackingChanges = changes_of(_Tracking, "TrackingChanges")


@bp.get("/workspace/tracking")
@bp.output(TrackingShown)
def show_tracking() -> TrackingShown:
    """Read what is counted of what readers do."""
    return _shown(tracking_of(g.workspace.id))


@bp.patch("/workspace/tracking", endpoint="update_tracking")
@bp.input(TrackingChanges)
@bp.output(TrackingShown)
def patch_tracking(json_data: Given) -> TrackingShown:
    """Change what is counted, from the next message on."""
    said: dict[str, Any] = given(json_data)
    if "shop_hosts" in said:
        said["shop_hosts"] = _kept(said["shop_hosts"])
    chosen = Tracking(**{**vars(tracking_of(g.workspace.id)), **said})
    save_tracking(g.workspace.id, chosen)
    db.session.commit()
    return _shown(chosen)


def _kept(hosts: list[str]) -> str:
    together = " ".join(hosts)
    if len(together) > _LONGEST_HOSTS:
        sentence = f"The hosts have more than {_LONGEST_HOSTS} characters together."
        raise Invalid(sentence, fields={"shop_hosts": sentence})
    return together


def _shown(tracking: Tracking) -> TrackingShown:
    return TrackingShown(**{**vars(tracking), "shop_hosts": tracking.shop_hosts.split()})
