"""Pages about what a marketer writes with: templates, their versions, the brand."""

from mailer.composing.views import composer, templates, versions
from mailer.composing.views.frame import bp

__all__ = ["bp", "composer", "templates", "versions"]
