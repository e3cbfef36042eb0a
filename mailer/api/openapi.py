"""The description of the API, made from its routes and the kinds of value that they take."""

import json
import re
from typing import Any, Final

from apiflask import APIBlueprint, APIFlask
from flask import Flask

from mailer import __version__
from mailer.api.guards import scopes_of
from mailer.api.idempotency import is_idempotent
from mailer.api.schemas import Shown

_ABOUT: Final = """\
JSON over HTTPS. Send your key as `Authorization: Bearer mlr_…`.

Every POST takes an `Idempotency-Key`: within 24 hours the same key with the same body
gets the first answer again and does nothing. Errors are RFC 9457 problems that also
carry `statusCode`, `name` and `message`. Times are RFC 3339 in UTC.
"""


class FieldProblem(Shown):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(Shown):
    """An error, as RFC 9457 writes it."""

    type: str
    title: str
    status: int
    detail: str
    statusCode: int
    name: str
    message: str
    request_id: str
    errors: list[FieldProblem] = []


_NESTED_NAME: Final = re.compile(r"(#/components/schemas/)\w+\.(?=\w)")
_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Your name for this request, so that a repeat does no harm.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 256},
}
_ERRORS: Final = {
    "400": "The body is not JSON.",
    "401": "No key, or one that is not known.",
    "403": "The key’s scope does not allow this.",
    "429": "Too many requests; wait as long as Retry-After says.",
}
_ERRORS_OF_POSTS: Final = {
    "409": "It is not in a state that allows this, or the Idempotency-Key is in use.",
    "413": "The body is too large.",
    "415": "The body is not sent as application/json.",
    "422": "Some fields cannot be used; errors names them.",
}


def describe(app: Flask, *, base_url: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of every call that the application offers."""
    # APIFlask describes all blueprints of one application and stumbles over those of
    # plain pages, so that the calls are described in an application of their own.
    described = APIFlask("mailer", title="Mailer", version=__version__, docs_path=None)
    described.config.update(
        AUTO_SERVERS=False,
    )
    described.description = _ABOUT
    for bp in app.blueprints.values():
        if isinstance(bp, APIBlueprint):
            described.register_blueprint(bp)
    document = _with_plain_names(described.spec)
    document["servers"] = [{"url": base_url}]
    document["tags"] = [{"name": name} for name in dict.fromkeys(tag["name"] for tag in document["tags"])]
    _complete_components(document["components"])
    for rule in described.url_map.iter_rules():
        operations = document["paths"].get(rule.rule.replace("<", "{").replace(">", "}"), {})
        for method, operation in operations.items():
            if method.upper() in (rule.methods or ()):
                _complete(
                    operation, rule.endpoint, app.view_functions[rule.endpoint], is_post=method != "get"
                )
    return document


def _with_plain_names(document: Any) -> dict[str, Any]:
    """Name each kind of value once: nested in another it would bear both names."""
    plain: dict[str, Any] = json.loads(_NESTED_NAME.sub(r"\1", json.dumps(document)))
    schemas = plain["components"]["schemas"]
    plain["components"]["schemas"] = {name.rpartition(".")[2]: schema for name, schema in schemas.items()}
    return plain


def _complete_components(components: dict[str, Any]) -> None:
    schemas = components["schemas"]
    for unused in ("HTTPError", "ValidationError"):
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**problem.pop("$defs"), "Problem": problem}
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key, as it was shown once."}
    }


def _complete(operation: dict[str, Any], endpoint: str, view: Any, *, is_post: bool) -> None:
    """Say of one call what its guards and frames do."""
    for status, words in {**_ERRORS, **(_ERRORS_OF_POSTS if is_post else {})}.items():
        operation["responses"].setdefault(status, {"description": words})
    for status, response in operation["responses"].items():
        if status >= "4":
            response["content"] = {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            }
    if is_idempotent(view):
        operation["parameters"] = [*operation.get("parameters", []), _IDEMPOTENCY_KEY]
    operation["operationId"] = endpoint.rpartition(".")[2]
    operation["security"] = [{"key": []}]
    operation["x-scopes"] = sorted(scopes_of(view))
