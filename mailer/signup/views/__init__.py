"""Pages where sign-up forms are designed, watched, shared and looked back at."""

from mailer.signup.views import designing, sharing, versions
from mailer.web.guards import signed_in_blueprint

bp = signed_in_blueprint("signup_forms", __name__)
for pages in (designing, sharing, versions):
    bp.register_blueprint(pages.bp)
