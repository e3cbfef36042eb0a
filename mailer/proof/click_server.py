"""The door for clicks as the product has it, in front of a plain Flask application: what is measured.

``python -m mailer.proof.click_server PORT FOLDER`` serves until it is stopped. No database
is there at all: links are known, as they are after the first click of a campaign.
"""

import sys
from pathlib import Path
from typing import Final
from uuid import UUID

from flask import Flask

from mailer.lib.links import Links
from mailer.runtime.web import serve
from mailer.tracking.front import Front
from mailer.tracking.known_links import KnownLinks
from mailer.tracking.spool import Spool

MESSAGE: Final = UUID(int=7)
_SECRET: Final = "a key that nothing else uses"  # noqa: S105


def links_at(port: int) -> Links:
    """Return what makes the links that the server knows."""
    return Links(base_url=f"http://127.0.0.1:{port}", secret_key=_SECRET)


def main(port: int, folder: Path) -> None:
    """Serve clicks, and a word of Flask's."""
    plain = Flask("plain")
    plain.add_url_rule("/hello", view_func=lambda: "Hello")
    front = Front(
        plain.wsgi_app,
        links=links_at(port),
        known=KnownLinks(folder / "links", lambda _: ["https://example.com/"]),
        spool=Spool(folder / "spool"),
    )
    serve(lambda: front, bind="127.0.0.1", port=port)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
