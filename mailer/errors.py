"""The four ways a rule of the product can say no.

A verb raises one of these with a sentence that a person can act on; ``web/errors.py``
and ``api/errors.py`` turn the kind into a page or into problem JSON, once.
"""

from collections.abc import Mapping


class MailerError(Exception):
    """A rule was broken, and the message says how to mend it.

    :param message: one sentence for the person who asked
    :param fields: what is wrong by input field, for forms and for JSON
    """

    def __init__(self, message: str, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = dict(fields or {})


class Invalid(MailerError):
    """What was given cannot be used."""


class NotFound(MailerError):
    """There is no such thing here, or not for this caller."""


class Forbidden(MailerError):
    """The caller may not do this."""


class Conflict(MailerError):
    """The thing is not in a state that allows this."""
