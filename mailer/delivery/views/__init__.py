"""Pages about how mail leaves: the server, the senders, and each campaign's deliveries."""

from mailer.delivery.views import deliveries, senders, settings
from mailer.web.guards import signed_in_blueprint

bp = signed_in_blueprint("delivery", __name__)
for pages in (settings, senders, deliveries):
    bp.register_blueprint(pages.bp)
