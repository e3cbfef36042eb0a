"""Pages behind the links in a mail: confirm, leave, choose, pause. No session: the link is the right.

A GET never changes anything, since scanners follow links and run what they find; a page
with a button asks, and the POST acts.
"""

from mailer.consent.public import choosing, confirming, leaving, own_data
from mailer.consent.public.frame import bp

__all__ = ["bp", "choosing", "confirming", "leaving", "own_data"]
