"""The look of pages for subscribers: the workspace's brand kit, which a room above keeps."""

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, g
from markupsafe import Markup

from mailer import signals
from mailer.accounts.models import Workspace
from mailer.rendering.blocks.document import FONTS
from mailer.rendering.brand import Brand


def init_app(app: Flask) -> None:
    """Give templates ``brand_of`` and ``font_stack``."""
    app.jinja_env.globals["brand_of"] = brand_of
    app.jinja_env.filters["font_stack"] = font_stack


def brand_of(workspace: Any) -> Brand:
    """Return the look of a workspace's pages, and let this answer show its logo, wherever that lies.

    :param workspace: or what stands for one that is not there any more: a name and a colour
    """
    answers = signals.brand_wanted.send(workspace) if isinstance(workspace, Workspace) else []
    brand = next((brand for _receiver, brand in answers), None) or Brand(accent=workspace["accent_color"])
    logo = urlsplit(brand.logo_src)
    if logo.netloc:
        g.picture_origin = f"{logo.scheme}://{logo.netloc}"
    return brand


def logo_of(brand: Brand) -> bytes | None:
    """Return the picture of a brand's logo, if it lies with us."""
    answers = signals.picture_wanted.send(brand.logo_src) if brand.logo_src else []
    return next((data for _receiver, data in answers if data is not None), None)


def font_stack(font: str) -> Markup:
    """Return the fonts of CSS that a brand's font means."""
    return Markup(FONTS[font])  # noqa: S704
