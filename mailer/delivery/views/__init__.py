"""Pages about how mail leaves: the server, the senders, their domains, and each campaign's deliveries."""

from mailer.delivery.views import deliveries, domains, health, limits, senders, settings, transports
from mailer.web.guards import signed_in_blueprint

bp = signed_in_blueprint("delivery", __name__)
for pages in (settings, transports, limits, senders, domains, health, deliveries):
    bp.register_blueprint(pages.bp)
