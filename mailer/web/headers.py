"""Headers that every answer carries: a strict content policy and its kin."""

import secrets

from flask import Flask, Response, g

#: For HTML that users wrote: no script runs, nothing is sent, and only our own pages may frame it.
_FRAMED_POLICY = (
    "sandbox allow-same-origin; default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; "
    "font-src https: data:; frame-ancestors 'self'"
)
#: For whatever is no page: it loads nothing, wherever somebody opens it.
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
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
    headers = response.headers
    # Looked through once: to ask and to set one by one looks through them ten times.
    given = {name.lower() for name in headers.keys()}  # noqa: SIM118  - they iterate as pairs
    if "content-security-policy" not in given:
        is_page = response.mimetype == "text/html"
        headers.add("Content-Security-Policy", _page_policy() if is_page else _DATA_POLICY)
    for name, value in _ALWAYS:
        if name.lower() not in given:
            headers.add(name, value)
    return response


def _page_policy() -> str:
    nonce = csp_nonce()
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        f"img-src 'self' data: {g.get('picture_origin', '')}; font-src 'self'; connect-src 'self'; "
        "frame-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
