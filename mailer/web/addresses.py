"""What may stand in an address."""

from flask import Flask
from werkzeug.routing import UnicodeConverter, ValidationError


class PlainPart(UnicodeConverter):
    """A part of an address that names something: without NUL, which no text of PostgreSQL may hold."""

    def to_python(self, value: str) -> str:
        """Return the part as it is.

        :raises ValidationError: nothing can have that name, so that there is nothing at the address
        """
        if "\0" in value:
            raise ValidationError
        return value


def init_app(app: Flask) -> None:
    """Read every part of every address so; before any door is hung, since doors bring theirs."""
    app.url_map.converters["default"] = PlainPart
