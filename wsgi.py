"""The WSGI entry point: ``granian --interface wsgi wsgi:app``, or any other WSGI server."""

from mailer.app import create_app
from mailer.patience import answer_in_time

answer_in_time()
app = create_app()
