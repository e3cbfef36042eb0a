"""Sign-in, reset and two-factor by Flask-Security, over our own users."""

from flask import Flask
from flask_security import RoleMixin, Security, SQLAlchemyUserDatastore

from mailer.accounts.models import User
from mailer.db import db


class NoRole(RoleMixin):
    """Flask-Security asks for roles of the whole installation; ours belong to workspaces."""


def init_app(app: Flask) -> None:
    """Hang Flask-Security's pages and make ``current_user`` a :class:`User`."""
    app.config.from_mapping(
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106  - the scheme's name
        SECURITY_PASSWORD_SALT=app.config["SECRET_KEY"],
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
    )
    app.extensions["mailer_security"] = Security(app, SQLAlchemyUserDatastore(db, User, NoRole))
