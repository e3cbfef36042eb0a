"""Pages about the people who work here: their profile, their workspaces, members, settings, keys."""

from mailer.accounts.views import keys, members, profile, settings, workspaces
from mailer.web.guards import signed_in_blueprint

bp = signed_in_blueprint("accounts", __name__)
for pages in (profile, workspaces, settings, members, keys):
    bp.register_blueprint(pages.bp)
