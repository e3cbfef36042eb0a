"""The description of the API as a page shows it: calls by heading, each with its fields and an example."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_SHOWN_DEPTH: Final = 2
_PAUSE: Final = re.compile(r"[.,:;](?: |$)")


@dataclass(frozen=True)
class Field:
    """One value that a call takes or answers."""

    name: str
    kind: str
    words: str
    is_required: bool
    depth: int = 0


@dataclass(frozen=True)
class Call:
    """One call, or one event that is told to webhooks.

    :param summary: a sentence or two
    :param body: an example of what is sent; empty when nothing is
    :param answer: an example of the answer
    :param curl: the call as a line for a shell
    """

    id: str
    method: str
    path: str
    summary: str
    scopes: list[str] = field(default_factory=list)
    in_path: list[Field] = field(default_factory=list)
    in_query: list[Field] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    body: str = ""
    answer: str = ""
    status: str = ""
    curl: str = ""

    @property
    def short(self) -> str:
        """What it is called in the list of all: how its summary begins."""
        return _PAUSE.split(self.summary, maxsplit=1)[0]


def headings(document: Mapping[str, Any]) -> dict[str, list[Call]]:
    """Return the calls of a description by their heading, and the events last."""
    schemas, base_url = document["components"]["schemas"], document["servers"][0]["url"]
    found: dict[str, list[Call]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            call = _call(method, path, operation, schemas, base_url)
            found.setdefault(operation["tags"][0], []).append(call)
    events = document["webhooks"].items()
    found["Webhook events"] = [_event(name, told["post"], schemas) for name, told in events]
    return {heading: calls for heading, calls in found.items() if calls}


def _call(method: str, path: str, operation: Mapping[str, Any], schemas: Any, base_url: str) -> Call:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    example = json.dumps(body["example"], ensure_ascii=False, indent=2) if body else ""
    status, answer = _good_answer(operation["responses"])
    return Call(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        scopes=operation["x-scopes"],
        in_path=list(_parameters(operation, "path")),
        in_query=list(_parameters(operation, "query")),
        fields=list(_fields(body["schema"], schemas)) if body else [],
        body=example,
        status=status,
        answer=answer,
        curl=_curl(method.upper(), base_url + path, body.get("example")),
    )


def _event(name: str, operation: Mapping[str, Any], schemas: Any) -> Call:
    body = operation["requestBody"]["content"]["application/json"]
    return Call(
        id=operation["operationId"],
        method="EVENT",
        path=name,
        summary=operation["summary"],
        fields=list(_fields(body["schema"], schemas)),
        body=json.dumps(body["example"], ensure_ascii=False, indent=2),
    )


def _parameters(operation: Mapping[str, Any], place: str) -> Iterator[Field]:
    for parameter in operation.get("parameters", []):
        if parameter["in"] == place:
            schema = parameter["schema"]
            words = parameter.get("description") or schema.get("description", "")
            yield Field(parameter["name"], _kind(schema), words, parameter.get("required", False))


def _fields(schema: Mapping[str, Any], schemas: Any, depth: int = 0) -> Iterator[Field]:
    schema = _resolved(schema, schemas)
    for name, one in schema.get("properties", {}).items():
        inner = _resolved(one, schemas)
        words = one.get("description") or ("" if "$ref" not in one else inner.get("description", ""))
        yield Field(name, _kind(inner), words, name in schema.get("required", []), depth)
        nested = _resolved(inner.get("items", inner), schemas)
        if depth < _SHOWN_DEPTH and nested.get("properties") and "discriminator" not in inner:
            yield from _fields(nested, schemas, depth + 1)


def _resolved(schema: Mapping[str, Any], schemas: Any) -> Mapping[str, Any]:
    return schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _kind(schema: Mapping[str, Any]) -> str:
    """Return what a value is, in words."""
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"] if one != "")
    if "const" in schema:
        return str(schema["const"])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_kind(one) for one in schema[several]))
    kind = schema.get("type", "object" if "$ref" in schema or "properties" in schema else "any")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return schema.get("format", kind)


def _good_answer(responses: Mapping[str, Any]) -> tuple[str, str]:
    status, response = next((code, one) for code, one in responses.items() if code.startswith("2"))
    example = response.get("content", {}).get("application/json", {}).get("example")
    return status, "" if example is None else json.dumps(example, ensure_ascii=False, indent=2)


def _curl(method: str, url: str, body: Any) -> str:
    lines = [
        f"curl {'' if method == 'GET' else f'-X {method} '}{url} \\",
        '  -H "Authorization: Bearer $MAILER_KEY"',
    ]
    if body is not None:
        quoted = json.dumps(body, ensure_ascii=False).replace("'", "'\\''")
        lines[-1] += " \\"
        lines += ["  -H 'Content-Type: application/json' \\", f"  -d '{quoted}'"]
    return "\n".join(lines)
