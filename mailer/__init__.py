"""Mailer: self-hosted email marketing and subscriptions.

Each package below is a room of the house; the README has the map. Importing a pure
room (``lib``, ``rendering``, ``delivery.engine``) must not start Flask, so nothing
is imported here.
"""

__version__ = "0.1.0"
