"""The description of the API, for anyone: it says what can be asked and nothing of what is here."""

from flask import Blueprint, Response, current_app, jsonify, render_template
from markdown_it import MarkdownIt
from markupsafe import Markup

from mailer.api.openapi import described
from mailer.api.reference import headings
from mailer.config import Settings

bp = Blueprint("api_description", __name__)


@bp.get("/api/v1/openapi.json")
def openapi() -> Response:
    """Show the OpenAPI document."""
    response = jsonify(described(current_app))
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@bp.get("/api/reference")
def reference() -> str:
    """Show it to people, with a way to try each call."""
    document = described(current_app)
    about = Markup(MarkdownIt("commonmark", {"html": False}).render(document["info"]["description"]))  # noqa: S704
    return render_template("api/reference.html", document=document, headings=headings(document), about=about)


@bp.get("/llms.txt")
def llms() -> Response:
    """Describe the product on one page for programs that read words (llmstxt.org)."""
    document = described(current_app)
    text = render_template("api/llms.txt", headings=headings(document), base_url=_settings().base_url)
    return Response(text, mimetype="text/markdown")


def _settings() -> Settings:
    given: Settings = current_app.config["SETTINGS"]
    return given
