"""Health, for load balancers and whoever looks after the machine."""

from flask import Blueprint, Response, jsonify

from mailer.lib.clock import utcnow
from mailer.runtime.health import readiness

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """Say that this process serves; asks nothing else, so that a dead database restarts no web server."""
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Say whether everything is there that sending takes, part by part."""
    checks = readiness(now=utcnow())
    ready = all(check.ok for check in checks)
    return (
        jsonify(
            status="ready" if ready else "not ready",
            checks={check.name: {"ok": check.ok, "message": check.message} for check in checks},
        ),
        200 if ready else 503,
    )
