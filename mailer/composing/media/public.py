"""Pictures in mails, for whoever has their address."""

import re
from typing import Final

from flask import Blueprint, Response, abort, request

from mailer.composing.media.store import store
from mailer.lib.pictures import MIME_TYPES

bp = Blueprint("pictures", __name__)

_NAME: Final = re.compile(r"[0-9a-f]{32}(-s)?\.(png|jpg|gif)")
_YEAR: Final = 31_536_000


@bp.get("/m/<name>")
def show(name: str) -> Response:
    """Answer with a picture; its bytes never change, so that it may be kept for ever."""
    match = _NAME.fullmatch(name)
    data = store().get(name) if match else None
    if match is None or data is None:
        abort(404)
    answer = Response(data, mimetype=MIME_TYPES[match[2]])
    answer.cache_control.public = True
    answer.cache_control.max_age = _YEAR
    answer.cache_control.immutable = True
    answer.set_etag(name.partition(".")[0])
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    # Mail is read on other people's pages.
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.make_conditional(request)
    return answer
