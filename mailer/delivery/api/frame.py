"""What the calls about sending share."""

from mailer.api.guards import api_blueprint

bp = api_blueprint("delivery_api", "mailer.delivery.api", tag="Sending")
