"""The application with its doors, hung in one place."""

from collections.abc import Callable
from importlib import import_module
from typing import Any
from uuid import UUID

from apiflask import APIFlask
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from mailer.accounts import security
from mailer.api import calls
from mailer.api import errors as api_errors
from mailer.config import Settings, load
from mailer.core import equip, here_to_stay
from mailer.lib.links import Links
from mailer.tracking.front import Front
from mailer.tracking.ingest import spool_folder
from mailer.tracking.known_links import KnownLinks
from mailer.tracking.queries import links_of
from mailer.tracking.spool import Spool
from mailer.web import (
    addresses,
    assets,
    brands,
    errors,
    filters,
    guards,
    headers,
    languages,
    limits,
    navigation,
    pages,
)

#: Every module with a blueprint ``bp``. The file's name is its rule: ``views`` need a
#: session, ``api`` a key, ``public`` a link or a signature (tests/test_architecture.py).
DOORS: tuple[str, ...] = (
    "mailer.accounts.api",
    "mailer.accounts.public",
    "mailer.accounts.views",
    "mailer.agents.api",
    "mailer.api.public",
    "mailer.audience.api",
    "mailer.audience.views",
    "mailer.bounces.public",
    "mailer.bounces.views",
    "mailer.bulk_changes.api",
    "mailer.bulk_changes.views",
    "mailer.campaigns.api",
    "mailer.campaigns.public",
    "mailer.campaigns.views",
    "mailer.catcher.views",
    "mailer.composing.api",
    "mailer.composing.brand.api",
    "mailer.composing.brand.views",
    "mailer.composing.media.api",
    "mailer.composing.media.public",
    "mailer.composing.media.views",
    "mailer.compat.postmark.api",
    "mailer.compat.resend.api",
    "mailer.compat.sendgrid.api",
    "mailer.composing.views",
    "mailer.consent.api",
    "mailer.consent.public",
    "mailer.consent.views",
    "mailer.dashboard.views",
    "mailer.delivery.api",
    "mailer.delivery.public",
    "mailer.delivery.views",
    "mailer.events.api",
    "mailer.exports.api",
    "mailer.exports.views",
    "mailer.reports.views",
    "mailer.runtime.public",
    "mailer.seeds.views",
    "mailer.segments.api",
    "mailer.segments.views",
    "mailer.signup.api",
    "mailer.signup.public",
    "mailer.tracking.api",
    "mailer.tracking.public",
    "mailer.tracking.views",
    "mailer.transactional.api",
    "mailer.transactional.views",
    "mailer.webhooks.api",
    "mailer.webhooks.views",
    "mailer.signup.views",
)

#: Is there only while mail is caught on this machine.
INBOX = "mailer.catcher.views"

#: Pages whose forms need no token against forgery: there is no session to misuse, the
#: link is the right, and mail clients and other sites are meant to post.
OPEN_FORMS = frozenset(
    {
        *("mailer.bounces.public", "mailer.campaigns.public", "mailer.consent.public"),
        *("mailer.signup.public", "mailer.tracking.public"),
    }
)

#: What every page and every call stands in, in this order.
FRAMES = (
    *(addresses, headers, errors, calls, limits, api_errors),
    *(pages, assets, filters, languages, brands, navigation),
)

csrf = CSRFProtect()


class _App(APIFlask):
    """The application as Flask makes it, without what each request would pay for in vain."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Take every hook and view as it is: none is a coroutine, and Flask would look a dozen times."""
        return func


def create_app(settings: Settings | None = None) -> APIFlask:
    """Build the application with all its doors.

    :param settings: what :func:`mailer.config.load` returned; read from the environment if left out
    :raises mailer.config.BadSetting: a setting cannot be used
    """
    with here_to_stay():
        return _built(settings or load())


def _built(settings: Settings) -> APIFlask:
    app = _App(__name__, json_errors=False, enable_openapi=False, template_folder="../templates")
    equip(app, settings)
    app.config.from_mapping(
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https://"),
        SESSION_COOKIE_NAME="mailer_session",
        MAX_CONTENT_LENGTH=32 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    # First, since Flask-Security looks for the user before each request: a page that only
    # looks must have said so by then, or it waits for SQLite's writers.
    guards.init_app(app)
    csrf.init_app(app)
    security.init_app(app)
    for frame in FRAMES:
        frame.init_app(app)
    for module in DOORS:
        if module == INBOX and not settings.is_catching:
            continue
        door = import_module(module)
        app.register_blueprint(door.bp)
        if module.endswith(".api") or module in OPEN_FORMS:
            csrf.exempt(door.bp)
    app.wsgi_app = _front(app, settings)  # type: ignore[method-assign]
    return app


def _front(app: APIFlask, settings: Settings) -> Front:
    """Put the door for clicks and opens before everything else."""

    def load_links(message_id: UUID) -> list[str] | None:
        with app.app_context():
            return links_of(message_id)

    return Front(
        app.wsgi_app,
        links=Links(base_url=settings.base_url, secret_key=settings.secret_key),
        known=KnownLinks(settings.data_dir / "links", load_links),
        spool=Spool(spool_folder(settings.data_dir)),
        trusted_proxies=settings.trusted_proxies,
    )
