"""Pages about lists and the people on them."""

from mailer.audience.views import fields, imports, lists, merges, notes, subscribers, tags
from mailer.web.guards import signed_in_blueprint

bp = signed_in_blueprint("audience", __name__)
for pages in (lists, subscribers, merges, notes, tags, fields, imports):
    bp.register_blueprint(pages.bp)
