"""The application, built by those commands that need it."""

from importlib import import_module
from typing import TYPE_CHECKING

from mailer.config import Settings

if TYPE_CHECKING:
    from flask import Flask


def core(settings: Settings) -> "Flask":
    """Build the application without its doors, for all that answers no requests."""
    from mailer.core import create_core

    return create_core(settings)


def with_doors(settings: Settings) -> "Flask":
    """Build the application as the web serves it."""
    from mailer.app import create_app

    return create_app(settings)


def load_actors() -> None:
    """Register the actors with the broker; by name, since they stand above the product."""
    import_module("workers").load_all()
