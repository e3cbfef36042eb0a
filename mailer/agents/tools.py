"""Tools, made from the description of the API: one for each call that an assistant can make."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mailer.errors import Invalid

#: They carry files, or are this very door.
_LEFT_OUT: Final = frozenset(
    {
        *("create_import", "upload_picture", "export_subscribers", "export_suppressions", "download_export"),
        "call_tools",
    }
)
DRY_RUN: Final = "dry_run"
#: What stands between two strokes of an address: an id, a number, a language.
_PIECE: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_DRY_RUN_SCHEMA: Final = {
    "type": "boolean",
    "default": False,
    "description": "Only try: everything is checked, nothing stays and nothing is sent.",
}


@dataclass(frozen=True)
class Tool:
    """One call as a tool.

    :param scopes: any of which it takes
    :param arguments: JSON schema of what it takes
    :param in_path: names of the arguments that stand in the address
    :param in_query: and of those behind the question mark; the others are the body
    """

    name: str
    words: str
    method: str
    path: str
    scopes: frozenset[str]
    arguments: Mapping[str, Any]
    in_path: frozenset[str]
    in_query: frozenset[str]

    @property
    def is_reading(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET"

    def shown(self) -> dict[str, Any]:
        """Return it as the protocol lists it."""
        return {
            "name": self.name,
            "description": self.words,
            "inputSchema": self.arguments,
            "annotations": {
                "readOnlyHint": self.is_reading,
                "destructiveHint": self.method == "DELETE" or self.name.startswith("erase"),
                "openWorldHint": False,
            },
        }

    def is_tried(self, given: Mapping[str, Any]) -> bool:
        """Whether it is only to be tried: whatever it would do is taken back.

        :raises Invalid: it does not say whether
        """
        tried = given.get(DRY_RUN, False)
        if not isinstance(tried, bool):
            raise Invalid(f"“{DRY_RUN}” is true or false.", fields={DRY_RUN: "True or false is needed."})
        return tried and not self.is_reading

    def request(self, given: Mapping[str, Any]) -> tuple[str, dict[str, str], dict[str, Any] | None]:
        """Return the address, the query and the body that arguments stand for.

        :raises Invalid: one that the address needs is missing, or would lead to another address
        """
        path = self.path
        for name in self.in_path:
            value = given.get(name)
            if not isinstance(value, str | int):
                raise Invalid(f"“{name}” is missing.", fields={name: "This is needed."})
            if not _PIECE.fullmatch(str(value)):
                raise Invalid(f"“{name}” is no id.", fields={name: "This is no id."})
            path = path.replace(f"{{{name}}}", str(value))
        query = {name: str(given[name]) for name in self.in_query if name in given}
        taken = {*self.in_path, *self.in_query, DRY_RUN}
        body = {name: value for name, value in given.items() if name not in taken}
        return path, query, None if self.is_reading else body


def tools_of(document: Mapping[str, Any]) -> dict[str, Tool]:
    """Return the tools that a description of the API offers, by name."""
    return {tool.name: tool for tool in _tools(document)}


def _tools(document: Mapping[str, Any]) -> Iterator[Tool]:
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if operation["operationId"] not in _LEFT_OUT:
                yield _tool(path, method.upper(), operation, schemas)


def _tool(path: str, method: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Tool:
    placed: dict[str, set[str]] = {"path": set(), "query": set(), "header": set()}
    properties: dict[str, Any] = {}
    required: list[str] = []
    for parameter in operation.get("parameters", []):
        placed[parameter["in"]].add(parameter["name"])
        if parameter["in"] != "header":
            properties[parameter["name"]] = parameter["schema"]
            required += [parameter["name"]] if parameter.get("required") else []
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body is not None:
        whole = schemas[body["$ref"].rpartition("/")[2]]
        properties |= whole.get("properties", {})
        required += whole.get("required", [])
    if method != "GET":
        properties[DRY_RUN] = _DRY_RUN_SCHEMA
    arguments = {"type": "object", "properties": properties, "required": required}
    return Tool(
        name=operation["operationId"],
        words=operation.get("description") or operation["summary"],
        method=method,
        path=path,
        scopes=frozenset(operation["x-scopes"]),
        arguments=_inlined(arguments, schemas, 0),
        in_path=frozenset(placed["path"]),
        in_query=frozenset(placed["query"]),
    )


def _inlined(node: Any, schemas: Mapping[str, Any], depth: int) -> Any:
    """Return a schema without references, which many assistants do not follow; far inside, anything."""
    if isinstance(node, Mapping):
        if "$ref" in node:
            if depth > 6:
                return {"type": "object"}
            return _inlined(schemas[node["$ref"].rpartition("/")[2]], schemas, depth + 1)
        return {
            name: _inlined(value, schemas, depth) for name, value in node.items() if name != "discriminator"
        }
    return [_inlined(one, schemas, depth) for one in node] if isinstance(node, list) else node
