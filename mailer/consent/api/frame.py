"""What the calls about consent share."""

from flask import g

from mailer.api.guards import api_blueprint
from mailer.consent.models import Channel, Evidence

bp = api_blueprint("consent_api", "mailer.consent.api", tag="Audience")


def evidence_of_call(words: str) -> Evidence:
    """Return the proof that a program's act leaves: its key's name, and what it said."""
    return Evidence(via=Channel.API, words=f"The API key “{g.api_key.name}” {words}")
