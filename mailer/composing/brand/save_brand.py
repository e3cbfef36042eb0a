"""Changing how a workspace's mails look: every design that says nothing else follows at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mailer.accounts.models import Workspace
from mailer.composing.models import BrandKit
from mailer.db import db
from mailer.errors import Invalid
from mailer.rendering.blocks.document import FONTS

#: The roles that a brand may colour, beside its accent.
ROLES = ("on_accent", "heading", "text", "muted", "link", "line", "sheet", "page")

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class Look:
    """A brand as it is typed in.

    :param colors: by role, ``#rrggbb``; those left out or empty are the product's own
    """

    accent: str
    colors: Mapping[str, str] = field(default_factory=dict)
    font: str = "sans"
    heading_font: str = "sans"
    logo_src: str = ""
    logo_alt: str = ""
    logo_href: str = ""
    logo_width: int = 120
    postal_address: str = ""


def save_brand(workspace: Workspace, look: Look) -> BrandKit:
    """Give a workspace's mails another look.

    :raises Invalid: a colour, a font or an address cannot be used, with what to mend under each field
    """
    colors = {role: color for role, color in look.colors.items() if color}
    _check(look, colors)
    kit = db.session.get(BrandKit, workspace.id) or BrandKit(workspace_id=workspace.id)
    kit.colors = {role: color.lower() for role, color in colors.items()}
    kit.font, kit.heading_font = look.font, look.heading_font
    kit.logo_src, kit.logo_href = look.logo_src.strip(), look.logo_href.strip()
    kit.logo_alt, kit.logo_width = " ".join(look.logo_alt.split()), look.logo_width
    workspace.accent_color = look.accent.lower()
    workspace.postal_address = look.postal_address.replace("\r\n", "\n").strip()
    db.session.add(kit)
    db.session.flush()
    return kit


def _check(look: Look, colors: Mapping[str, str]) -> None:
    problems = {
        role: "Write a colour like #3b5bdb."
        for role, color in (("accent", look.accent), *colors.items())
        if role not in {"accent", *ROLES} or not _COLOR.fullmatch(color)
    }
    for name in ("font", "heading_font"):
        if getattr(look, name) not in FONTS:
            problems[name] = "Choose one of the fonts."
    for name in ("logo_src", "logo_href"):
        address = getattr(look, name).strip()
        if address and not re.match(r"https?://[^\s<>\"]+\Z", address):
            problems[name] = "Write an address that begins with https://."
    if not 16 <= look.logo_width <= 600:
        problems["logo_width"] = "Between 16 and 600 pixels."
    if problems:
        raise Invalid("The brand was not saved.", fields=problems)
