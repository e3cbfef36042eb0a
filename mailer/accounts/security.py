"""Sign-in, reset and two-factor by Flask-Security, over our own users."""

import base64
from datetime import timedelta
from typing import Any

from flask import Flask, after_this_request, current_app
from flask.wrappers import Response
from flask_security import MailUtil, RoleMixin, Security, SQLAlchemyUserDatastore
from flask_security import hash_password as _hash
from flask_security.proxies import _security
from sqlalchemy import select

from mailer import current, signals
from mailer.accounts.models import Membership, User, Workspace
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.secrets import derive_key
from mailer.lib.system_mail import SystemMail

#: Long passwords rather than strange ones (NIST SP 800-63B 5.1.1.2).
SHORTEST_PASSWORD = 10

#: How long a link to a new password works.
RESET_HOURS = 2

_WORDS = {
    "GENERIC_AUTHN_FAILED": ("That address and password do not go together.", "error"),
    "GENERIC_RECOVERY": ("If that address is known here, a mail with a link is on its way.", "info"),
    "UNAUTHENTICATED": ("Sign in to go on.", "info"),
    "UNAUTHORIZED": ("Your role does not allow that.", "error"),
    "REAUTHENTICATION_REQUIRED": ("Type your password once more to go on.", "info"),
    "REAUTHENTICATION_SUCCESSFUL": ("Thank you.", "info"),
    "PASSWORD_RESET_REQUEST": ("If that address is known here, a mail with a link is on its way.", "info"),
    "PASSWORD_RESET_NO_LOGIN": (
        "Your password is changed and every session has ended. Sign in with the new one.",
        "success",
    ),
    "PASSWORD_RESET_EXPIRED": ("That link was only good for %(within)s. Ask for a new one.", "error"),
    "INVALID_RESET_PASSWORD_TOKEN": (
        "That link was used already or is not whole. Ask for a new one.",
        "error",
    ),
    "PASSWORD_INVALID_LENGTH": ("Use %(length)s characters or more; a few words are easy to keep.", "error"),
    "RETYPE_PASSWORD_MISMATCH": ("The two are not the same.", "error"),
    "PASSWORD_NOT_PROVIDED": ("Type your password.", "error"),
    "EMAIL_NOT_PROVIDED": ("Type your email address.", "error"),
    "INVALID_EMAIL_ADDRESS": ("That is not a whole email address.", "error"),
    "INVALID_PASSWORD": ("That is not your present password.", "error"),
    "PASSWORD_IS_THE_SAME": ("That is the password you have now.", "error"),
    "PASSWORD_CHANGE": ("Your password is changed; you are signed out everywhere else.", "success"),
    "TWO_FACTOR_INVALID_TOKEN": ("That code is wrong or too old. Try the one shown now.", "error"),
    "TWO_FACTOR_LOGIN_SUCCESSFUL": ("", ""),
    "TWO_FACTOR_PERMISSION_DENIED": ("Sign in with your password first.", "info"),
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": (
        "Two-factor sign-in is on. Keep recovery codes for the day you lose the phone.",
        "success",
    ),
    "TWO_FACTOR_DISABLED": ("Two-factor sign-in is off.", "success"),
    "TWO_FACTOR_SETUP_EXPIRED": ("That took too long. Scan a new code.", "error"),
    "INVALID_RECOVERY_CODE": ("That recovery code is wrong or was used.", "error"),
    "NO_RECOVERY_CODES_SETUP": ("There are no recovery codes yet.", "info"),
}


class NoRole(RoleMixin):
    """Flask-Security asks for roles of the whole installation; ours belong to workspaces."""


class Mails(MailUtil):
    """Sends Flask-Security's mails as ours are sent: from ``templates/emails``, through the ledger."""

    def send_mail(
        self,
        template: str,
        subject: Any,
        recipient: Any,
        sender: Any,
        body: str | None,
        html: str | None,
        **context: Any,
    ) -> None:
        """Ask for a mail; ``template`` is its folder."""
        user: User = context["user"]
        values: dict[str, Any] = {"name": user.name, "email": user.email}
        if "reset_token" in context:
            # From the setting, never from the request: a forged Host header would
            # otherwise mail people a link to somebody else's server.
            path = current_app.url_for("security.reset_password", token=context["reset_token"])
            values |= {"reset_url": current.settings().base_url + path, "hours": RESET_HOURS}
        workspace_id = _workspace_of(user)
        if workspace_id is None:
            return
        signals.mail_wanted.send(
            SystemMail(template=template, workspace_id=workspace_id, to=user.email, values=values)
        )
        after_this_request(_commit)


def init_app(app: Flask) -> None:
    """Hang Flask-Security's pages and make ``current_user`` a :class:`User`."""
    settings = app.config["SETTINGS"]
    key = base64.urlsafe_b64encode(derive_key(settings.secret_key, "two-factor")).decode()
    app.config.from_mapping(
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106  - the scheme's name
        SECURITY_PASSWORD_SALT=app.config["SECRET_KEY"],
        SECURITY_PASSWORD_LENGTH_MIN=SHORTEST_PASSWORD,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        # Known and unknown addresses get the same answer.
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_API_ENABLED_METHODS=["session"],
        SECURITY_CHANGE_URL="/profile/password",
        SECURITY_CHANGEABLE=True,
        SECURITY_RECOVERABLE=True,
        SECURITY_RESET_PASSWORD_WITHIN=timedelta(hours=RESET_HOURS),
        # Signing in by a reset would go past the second factor.
        SECURITY_AUTO_LOGIN_AFTER_RESET=False,
        SECURITY_POST_CHANGE_VIEW="/profile",
        SECURITY_POST_LOGOUT_VIEW="/login",
        SECURITY_TWO_FACTOR=True,
        SECURITY_TWO_FACTOR_ENABLED_METHODS=["authenticator"],
        SECURITY_TWO_FACTOR_RESCUE_EMAIL=False,
        SECURITY_TWO_FACTOR_SETUP_URL="/profile/two-factor",
        SECURITY_TWO_FACTOR_TOKEN_VALIDATION_URL="/login/code",  # noqa: S106  - an address
        SECURITY_TWO_FACTOR_SELECT_URL="/login/way",
        SECURITY_TWO_FACTOR_RESCUE_URL="/login/help",
        SECURITY_TWO_FACTOR_POST_SETUP_VIEW="/profile",
        SECURITY_MULTI_FACTOR_RECOVERY_CODES=True,
        SECURITY_MULTI_FACTOR_RECOVERY_CODES_N=10,
        SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS=[key],
        SECURITY_MULTI_FACTOR_RECOVERY_CODES_URL="/profile/recovery-codes",
        SECURITY_MULTI_FACTOR_RECOVERY_URL="/login/recovery-code",
        SECURITY_TOTP_SECRETS={"1": key},
        SECURITY_TOTP_ISSUER="Mailer",
        SECURITY_FRESHNESS=timedelta(hours=1),
        SECURITY_EMAIL_PLAINTEXT=False,
        SECURITY_EMAIL_HTML=False,
        SECURITY_EMAIL_TEMPLATE_PASSWORD_RESET="reset_password",  # noqa: S106  - a folder
        SECURITY_EMAIL_TEMPLATE_PASSWORD_RESET_NOTICE="password_changed",  # noqa: S106
        SECURITY_EMAIL_TEMPLATE_PASSWORD_CHANGE_NOTICE="password_changed",  # noqa: S106
    )
    app.config.update({f"SECURITY_MSG_{name}": words for name, words in _WORDS.items()})
    security = Security(app, SQLAlchemyUserDatastore(db, User, NoRole), mail_util_cls=Mails)
    app.extensions["mailer_security"] = security
    # They look for the user before each request, for the sake of roles, which ours have none of:
    # a page finds its user when it asks, and a call of a program never does.
    security.principal.identity_loaders.clear()


def hash_password(password: str, *, email: str) -> str:
    """Return what is stored of a password.

    :raises Invalid: it is too short or too simple, with how to do better
    """
    problems, normalized = _security.password_util.validate(password, True, email=email)
    if problems:
        raise Invalid(str(problems[0]), fields={"password": str(problems[0])})
    return _hash(normalized)


def _workspace_of(user: User) -> Any:
    """The workspace whose transport carries a mail to someone: their first, or any."""
    own = db.session.scalar(
        select(Membership.workspace_id).where(Membership.user_id == user.id).order_by(Membership.id).limit(1)
    )
    return own or db.session.scalar(select(Workspace.id).order_by(Workspace.id).limit(1))


def _commit(response: Response) -> Response:
    db.session.commit()
    return response
