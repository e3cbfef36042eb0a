"""Sign-up for everyone, working without JavaScript: a designed form's pages, a list's own, and the kiosk."""

from mailer.signup.public import kiosk, pages
from mailer.signup.public.frame import bp

__all__ = ["bp", "kiosk", "pages"]
