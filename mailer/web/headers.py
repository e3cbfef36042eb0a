"""Headers that every answer carries: a strict content policy and its kin."""

import secrets

from flask import Flask, Response, g

#: For HTML that users wrote: no script runs, nothing is sent, and only our own pages may frame it.
_FRAMED_POLICY = (
    "sandbox allow-same-origin; default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; "
    "font-src https: data:; frame-ancestors 'self'"
)


def init_app(app: Flask) -> None:
    """Give each request a nonce and each answer its headers."""
    app.after_request(_add_headers)
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def csp_nonce() -> str:
    """Return this request's nonce.

    Made when it is first asked for: a form without its token is refused, with a page,
    before any hook of ours runs.
    """
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def framed(html: str) -> Response:
    """Answer with a mail, for an iframe of ours."""
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _FRAMED_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Cache-Control"] = "no-store"
    return response


def framed_by_us(html: str) -> Response:
    """Answer with a page of ours for an iframe of ours: a preview, in which nothing can be sent."""
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        "sandbox allow-same-origin; default-src 'none'; img-src 'self' data: https:; font-src 'self'; "
        "style-src 'self' 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'"
    )
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Cache-Control"] = "no-store"
    return response


def _add_headers(response: Response) -> Response:
    nonce = csp_nonce()
    response.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        f"img-src 'self' data: {g.get('picture_origin', '')}; font-src 'self'; connect-src 'self'; "
        "frame-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("X-Frame-Options", "DENY")
    response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    return response
