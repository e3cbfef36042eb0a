"""Errors as programs read them, by whichever door they came: RFC 9457's problem JSON.

``statusCode``, ``name`` and ``message`` stand beside its own members: by these, programs
written for other mail services already tell errors apart.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Response, g, jsonify
from werkzeug.exceptions import HTTPException

from mailer.errors import Conflict, Forbidden, Invalid, MailerError, NotFound

PROBLEM_TYPE: Final = "application/problem+json"

STATUS: Final[dict[type[MailerError], int]] = {Invalid: 422, NotFound: 404, Forbidden: 403, Conflict: 409}

#: What programs compare; it never changes, while the sentences may.
NAMES: Final = {
    400: "invalid_request",
    401: "invalid_api_key",
    403: "restricted_api_key",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "request_too_large",
    415: "unsupported_media_type",
    422: "validation_error",
    429: "rate_limit_exceeded",
    500: "internal_server_error",
    503: "service_unavailable",
}


def problem(
    status: int,
    message: str,
    *,
    name: str | None = None,
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem as RFC 9457 writes it.

    :param message: one sentence for whoever reads the log of the calling program
    :param fields: what is wrong by input field
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": message,
        "statusCode": status,
        "name": name or NAMES.get(status, "invalid_request"),
        "message": message,
        "errors": [{"field": field, "message": text} for field, text in (fields or {}).items()],
    }
    if "request_id" in g:
        body["request_id"] = g.request_id
    response = jsonify(body)
    response.status_code, response.mimetype = status, PROBLEM_TYPE
    response.headers.update(dict(headers or {}))
    return response


def status_of(error: MailerError) -> int:
    """Return the status of an error's kind; a kind may have kinds of its own."""
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


def headers_of(error: HTTPException) -> dict[str, str]:
    """Return what an error of HTTP says beside its words: the methods there are, or when to come back."""
    return {key: value for key, value in error.get_headers() if key in {"Allow", "Retry-After"}}
