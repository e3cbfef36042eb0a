"""The description of the API, for anyone: it says what can be asked and nothing of what is here."""

from flask import Blueprint, Response, current_app, jsonify

from mailer.api.openapi import describe
from mailer.config import Settings

bp = Blueprint("api_description", __name__)


@bp.get("/api/v1/openapi.json")
def openapi() -> Response:
    """Show the OpenAPI document."""
    settings: Settings = current_app.config["SETTINGS"]
    response = jsonify(describe(current_app, base_url=settings.base_url))
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
