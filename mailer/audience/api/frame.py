"""What the calls about the audience share."""

from mailer.api.guards import api_blueprint

bp = api_blueprint("audience_api", "mailer.audience.api", tag="Audience")
