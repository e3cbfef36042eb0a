"""Pages where staff act for subscribers: adding, subscribing, unsubscribing, suppressing."""

from mailer.consent.views import subscriptions, suppressions
from mailer.web.guards import signed_in_blueprint

bp = signed_in_blueprint("consenting", __name__)
for pages in (subscriptions, suppressions):
    bp.register_blueprint(pages.bp)
