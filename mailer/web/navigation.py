"""The places of a workspace that stand in the sidebar."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, request, url_for
from flask_login import current_user

from mailer.accounts.models import Workspace
from mailer.accounts.queries import workspaces_of
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


#: The tabs of the settings: words, endpoint, the least role that sees it.
TABS = (
    ("Workspace", "accounts.settings.show", Role.VIEWER),
    ("Brand", "brand.show", Role.VIEWER),
    ("Members", "accounts.members.index", Role.VIEWER),
    ("Consent", "consenting.policy.show", Role.ADMIN),
    ("Sending", "delivery.settings.show", Role.ADMIN),
    ("Sending domains", "delivery.domains.index", Role.ADMIN),
    ("Tracking", "tracking.show", Role.ADMIN),
    ("Limits", "delivery.limits.show", Role.ADMIN),
    ("Returns", "bounces.settings.show", Role.ADMIN),
    ("Transactional", "transactional.retention.show", Role.ADMIN),
    ("API keys", "accounts.keys.index", Role.ADMIN),
    ("Webhooks", "webhooks.index", Role.ADMIN),
)

PLACES = (
    Place("Dashboard", "layout-dashboard", "dashboard.show"),
    Place("Campaigns", "send", "campaigns.index", ("delivery.deliveries",)),
    Place("Transactional", "bolt", "transactional.messages.index", ("transactional.template_uses",)),
    Place(
        "Subscribers",
        "users",
        "audience.subscribers.index",
        (
            "audience.imports",
            "audience.tags",
            "audience.fields",
            "audience.merges",
            "bulk_changes",
            "consenting.proofs",
            "consenting.subscriptions",
            "consenting.suppressions",
            "exports",
        ),
    ),
    Place("Lists", "list", "audience.lists.index"),
    Place(
        "Forms",
        "forms",
        "signup_forms.designing.index",
        ("signup_forms.sharing", "signup_forms.versions"),
    ),
    Place("Segments", "filter", "segments.index"),
    Place("Reports", "chart-bar", "reports.show"),
    Place("Returns", "mail-x", "bounces.returns.index"),
    Place("Templates", "template", "templates.index"),
    Place("Pictures", "photo", "media.index"),
    Place("Inbox", "inbox", "catcher.index", role=Role.ADMIN, is_apart=True),
    Place(
        "Settings",
        "settings",
        "accounts.settings.show",
        (
            *(tab[1].rpartition(".")[0] for tab in TABS),
            "delivery.senders",
            "delivery.transports",
            "delivery.health",
        ),
        is_apart=True,
    ),
)


def init_app(app: Flask) -> None:
    """Give templates the places that this person may go to."""
    app.jinja_env.globals.update(
        navigation=navigation, settings_tabs=settings_tabs, my_workspaces=my_workspaces, url_if=url_if
    )


def my_workspaces() -> Sequence[Workspace]:
    """Return the workspaces that the signed-in person works in."""
    return workspaces_of(current_user)


def navigation() -> Iterator[Place]:
    """Yield the places that exist here and that this member's role opens."""
    for place in PLACES:
        if place.endpoint in current_app.view_functions and g.membership.may(place.role):
            yield place


def settings_tabs() -> Iterator[tuple[str, str, bool]]:
    """Yield the tabs of the settings: words, address, whether it is the present one."""
    for words, endpoint, role in TABS:
        if endpoint in current_app.view_functions and g.membership.may(role):
            yield words, url_for(endpoint), request.blueprint == endpoint.rpartition(".")[0]


def url_if(endpoint: str, **values: Any) -> str:
    """Return a page's address, or nothing where this installation has no such page."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else ""
