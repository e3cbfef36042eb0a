"""Pages where staff act for subscribers: adding, subscribing, unsubscribing, suppressing, proving."""

from mailer.consent.views import policy, proofs, subscriptions, suppressions
from mailer.web.guards import signed_in_blueprint

bp = signed_in_blueprint("consenting", __name__)
for pages in (policy, proofs, subscriptions, suppressions):
    bp.register_blueprint(pages.bp)
