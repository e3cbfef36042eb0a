"""The description of the API, made from its routes and the kinds of value that they take."""

import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from apiflask import APIBlueprint, APIFlask
from flask import Flask
from pydantic import BaseModel
from werkzeug.routing import Rule

from mailer import __version__
from mailer.api.examples import example_of
from mailer.api.guards import scopes_of
from mailer.api.idempotency import is_idempotent
from mailer.api.schemas import Shown
from mailer.api.told import WEBHOOKS
from mailer.web.problems import NAMES, PROBLEM_TYPE

_ABOUT: Final = """\
JSON over HTTPS. Send your key as `Authorization: Bearer mlr_…`.

**Keys** have scopes, each a resource and a verb, such as `emails:send` or `subscribers:read`; each call
says which it takes (`x-scopes`). `*` stands for everything and `*:read` for all reading.

**Repeats.** Every POST that creates or sends takes an `Idempotency-Key`: within 24 hours the same
key with the same body gets the first answer again, with `Idempotent-Replayed: true`, and does nothing.

**Errors** are RFC 9457 problems that also carry `statusCode`, `name` and `message`; compare `name`,
since the sentences may change. `errors` names the fields of a 422.

**Lists** come by cursor: `limit`, `after`, `before` → `{"object": "list", "has_more", "data"}`,
newest first. **Ids** say what they are of: `sub_…`, `cmp_…`. **Times** are RFC 3339 in UTC.

**Changes** by PATCH are partial: what is left out stays.

**Limits.** Each answer says in `RateLimit-Limit`, `-Remaining` and `-Reset` how many more calls the
key may make; 429 says in `Retry-After` how long to wait. `X-Request-Id` finds a call in the log.

**Webhooks** follow Standard Webhooks 1.0: verify `webhook-signature` with any of its libraries.
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
    errors: list[FieldProblem]


#: Headings in the order in which most people want them; the others follow.
_FIRST: Final = ("Emails", "Audience", "Campaigns", "Segments", "Templates", "Forms", "Webhooks", "Sending")

_NESTED_NAME: Final = re.compile(r"(#/components/schemas/)\w+\.(?=\w)")
#: As ``lib.ids`` writes them: what it is of, and 26 characters of Crockford's base32.
_ID: Final = "^[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}$"
_ID_EXAMPLE: Final = "xyz_01k2m8w5c4e0t9q7y3x6v1b2n8"
_VARIABLE: Final = re.compile(r"<(?:\w+:)?(\w+)>")
_SCHEMAS: Final = "#/components/schemas/{model}"
_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Your name for this request, so that a repeat does no harm.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 256},
}
_ERRORS: Final = {
    400: "The request cannot be read.",
    401: "No key, or one that is not known.",
    403: "The key’s scopes do not allow this.",
    404: "There is no such thing in this workspace.",
    409: "It is not in a state that allows this, or the Idempotency-Key is in use.",
    413: "The body is too large.",
    415: "The body is not sent as application/json.",
    422: "Some fields cannot be used; errors names them.",
    429: "Too many requests; wait as long as Retry-After says.",
    503: "The database does not answer in time; try again as soon as Retry-After says.",
}


def described(app: Flask) -> dict[str, Any]:
    """Return the description, made once in a process's life: it takes as long as a dozen pages."""
    made: dict[str, Any] | None = app.extensions.get("mailer.openapi")
    if made is None:
        made = describe(app, base_url=app.config["SETTINGS"].base_url)
        app.extensions["mailer.openapi"] = made
    return made


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
    headings = dict.fromkeys((*_FIRST, *(tag["name"] for tag in document["tags"])))
    document["tags"] = [{"name": name} for name in headings]
    _complete_components(document["components"])
    document["webhooks"] = {name: _told(name, *told, document) for name, told in WEBHOOKS.items()}
    for rule in described.url_map.iter_rules():
        operations = document["paths"].get(_VARIABLE.sub(r"{\1}", rule.rule), {})
        for method, operation in operations.items():
            if method.upper() in (rule.methods or ()):
                _complete(operation, app.view_functions[rule.endpoint], method, rule)
                _add_examples(operation, document["components"]["schemas"])
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
    _add_schema(Problem, schemas)
    components["responses"] = {NAMES[status]: _problem(status, words) for status, words in _ERRORS.items()}
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key, as it was shown once."}
    }


def _add_schema(model: type[BaseModel], schemas: dict[str, Any]) -> None:
    schema = model.model_json_schema(ref_template=_SCHEMAS, mode="serialization")
    schemas |= {**schema.pop("$defs", {}), model.__name__: schema}


def _told(name: str, words: str, payload: type[BaseModel], document: dict[str, Any]) -> dict[str, Any]:
    """Describe the request that a webhook gets about an event."""
    schemas = document["components"]["schemas"]
    _add_schema(payload, schemas)
    schema = {"$ref": f"#/components/schemas/{payload.__name__}"}
    example = {**example_of(schema, schemas, is_whole=True), "type": name}
    return {
        "post": {
            "operationId": f"on_{name.replace('.', '_')}",
            "summary": words,
            "tags": ["Webhooks"],
            "parameters": list(_signature_headers()),
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": schema, "example": example}},
            },
            "responses": {
                "200": {"description": "Any 2xx: it arrived. Anything else, and it is sent again."},
                "410": {"description": "Nobody is here any more: the endpoint is switched off."},
            },
        }
    }


def _signature_headers() -> Iterator[dict[str, Any]]:
    words = {
        "webhook-id": "The same for every try of one event: remember it to do nothing twice.",
        "webhook-timestamp": "Of this try, in seconds since 1970; refuse what is older than five minutes.",
        "webhook-signature": "`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`; "
        "two of them, with a space between, while a secret is rotated.",
    }
    for name, description in words.items():
        yield {
            "name": name,
            "in": "header",
            "required": True,
            "description": description,
            "schema": {"type": "string"},
        }


def _complete(operation: dict[str, Any], view: Any, method: str, rule: Rule) -> None:
    """Say of one call what its guards and frames do."""
    has_input = "requestBody" in operation or any(
        parameter["in"] == "query" for parameter in operation.get("parameters", [])
    )
    statuses = [
        *(400, 401, 403, 429, 503),
        # An id in a filter or in a body leads nowhere, too.
        *([404] if rule.arguments or has_input else []),
        *([422] if has_input or method != "get" else []),
        *([409, 413, 415] if method != "get" else []),
    ]
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path" and parameter["name"].endswith("_id"):
            parameter["schema"] = {"type": "string", "pattern": _ID, "examples": [_ID_EXAMPLE]}
    for status in statuses:
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{NAMES[status]}"}
    operation["responses"] = dict(sorted(operation["responses"].items()))
    if is_idempotent(view):
        operation["parameters"] = [*operation.get("parameters", []), _IDEMPOTENCY_KEY]
    operation["operationId"] = rule.endpoint.rpartition(".")[2]
    operation["security"] = [{"key": []}]
    operation["x-scopes"] = sorted(scopes_of(view, rule.rule, method.upper()))


def _add_examples(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    body = operation.get("requestBody", {})
    for content in body.get("content", {}).values():
        content["example"] = example_of(content["schema"], schemas, is_whole=False)
        body["required"] = bool(content["example"])
    for response in operation["responses"].values():
        if "application/json" in response.get("content", {}):
            content = response["content"]["application/json"]
            content["example"] = example_of(content["schema"], schemas, is_whole=True)


def _problem(status: int, words: str) -> dict[str, Any]:
    example = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": words,
        "statusCode": status,
        "name": NAMES[status],
        "message": words,
        "request_id": "req_01k2m8w5c4e0t9q7y3x6v1b2n8",
        "errors": [{"field": "name", "message": "This is needed."}] if status == 422 else [],
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": words, "content": {PROBLEM_TYPE: {"schema": schema, "example": example}}}
