"""Pages about what comes back: the list of it, and the ways by which it comes."""

from mailer.bounces.views import returns, settings
from mailer.web.guards import signed_in_blueprint

bp = signed_in_blueprint("bounces", __name__)
for pages in (returns, settings):
    bp.register_blueprint(pages.bp)
