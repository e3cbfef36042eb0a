"""The places of a workspace that stand in the sidebar."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask, current_app, g, request, url_for

from mailer.accounts.roles import Role


@dataclass(frozen=True)
class Place:
    """A page that the sidebar leads to, and the blueprints whose pages lie below it."""

    label: str
    icon: str
    endpoint: str
    blueprints: tuple[str, ...] = ()
    role: Role = Role.VIEWER
    is_apart: bool = False

    @property
    def url(self) -> str:
        """The page's address in the present workspace."""
        return url_for(self.endpoint)

    @property
    def is_current(self) -> bool:
        """Whether the present page is this one or lies below it."""
        return request.blueprint in (self.endpoint.rpartition(".")[0], *self.blueprints)


PLACES = (
    Place("Dashboard", "layout-dashboard", "dashboard.show"),
    Place("Campaigns", "send", "campaigns.index", ("campaign",)),
    Place("Subscribers", "users", "subscribers.index", ("imports", "exports", "audience")),
    Place("Lists", "list", "lists.index", ("signup_forms",)),
    Place("Templates", "template", "templates.index", ("media",)),
    Place("Inbox", "inbox", "catcher.index", is_apart=True),
    Place(
        "Settings",
        "settings",
        "settings.show",
        ("members", "api_keys", "transports", "senders"),
        is_apart=True,
    ),
)


def init_app(app: Flask) -> None:
    """Give templates the places that this person may go to."""
    app.jinja_env.globals["navigation"] = navigation


def navigation() -> Iterator[Place]:
    """Yield the places that exist here and that this member's role opens."""
    for place in PLACES:
        if place.endpoint in current_app.view_functions and g.membership.may(place.role):
            yield place
