"""What the running application was given: its settings, and the links that it makes.

For verbs, which run the same in a request, a worker, a test and a shell, and so may
not ask Flask themselves.
"""

from flask import current_app

from mailer.config import Settings
from mailer.lib.links import Links


def settings() -> Settings:
    """Return the settings that are in force."""
    given: Settings = current_app.config["SETTINGS"]
    return given


def links() -> Links:
    """Return the maker of this installation's links."""
    made: Links | None = current_app.extensions.get("mailer.links")
    if made is None:
        given = settings()
        made = current_app.extensions["mailer.links"] = Links(
            base_url=given.base_url, secret_key=given.secret_key
        )
    return made
