"""How a workspace's mails look, for programs."""

from typing import Annotated, Literal

from flask import g
from pydantic import Field

from mailer.accounts.models import Workspace
from mailer.api.guards import api_blueprint
from mailer.api.schemas import Given, Line, Shown, changes_of, patched
from mailer.composing.brand.save_brand import ROLES, Look, save_brand
from mailer.composing.queries import brand_of
from mailer.db import db
from mailer.rendering.blocks.document import FONTS

bp = api_blueprint("brand_api", __name__, tag="Workspace")

_Color = Annotated[Line, Field(pattern=r"^(#[0-9a-fA-F]{6})?$", max_length=7)]
_Font = Annotated[Line, Field(max_length=20, description=f"One of {', '.join(FONTS)}.", examples=["sans"])]
_COLORS = (
    f"By role ({', '.join(ROLES)}), #rrggbb; those left out or empty are chosen so that all can be read."
)


class _Brand(Given):
    """How mails look."""

    accent: Annotated[Line, Field(pattern=r"^#[0-9a-fA-F]{6}$", examples=["#b4532a"])]
    colors: dict[str, _Color] = Field({}, max_length=len(ROLES), description=_COLORS)
    font: _Font
    heading_font: _Font
    logo_src: Line = Field(max_length=2_000, description="The address of the logo; empty for none.")
    logo_alt: Line = Field(max_length=200, description="What it says, for those who do not see it.")
    logo_href: Line = Field(max_length=2_000, description="Where it leads.")
    logo_width: int = Field(ge=16, le=600, description="In pixels.")


class BrandShown(Shown):
    """How a workspace’s mails look; designs that say nothing else follow at once."""

    object: Literal["brand"] = "brand"
    accent: str
    colors: dict[str, str] = Field(description="By role, #rrggbb; those left out are the product’s own.")
    font: str
    heading_font: str
    logo_src: str
    logo_alt: str
    logo_href: str
    logo_width: int


BrandChanges = changes_of(_Brand, "BrandChanges")


@bp.get("/workspace/brand")
@bp.output(BrandShown)
def show_brand() -> BrandShown:
    """Read how mails look."""
    return BrandShown.of(brand_of(g.workspace))


@bp.patch("/workspace/brand", endpoint="update_brand")
@bp.input(BrandChanges)
@bp.output(BrandShown)
def patch_brand(json_data: Given) -> BrandShown:
    """Change how mails look; “colors” replaces those that were chosen before."""
    workspace = db.session.get_one(Workspace, g.workspace.id)
    look = patched(brand_of(workspace), json_data)
    save_brand(workspace, Look(**look, postal_address=workspace.postal_address))
    db.session.commit()
    return BrandShown.of(brand_of(workspace))
