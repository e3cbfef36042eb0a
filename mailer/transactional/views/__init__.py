"""Pages about transactional messages: the log, one message, how long it is kept, templates for programs."""

from mailer.transactional.views import messages, retention, template_uses
from mailer.web.guards import signed_in_blueprint

bp = signed_in_blueprint("transactional", __name__)
for pages in (messages, retention, template_uses):
    bp.register_blueprint(pages.bp)
