"""A program with a key."""

from tests.api.conftest import program, shop  # noqa: F401
