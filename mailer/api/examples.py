"""Examples of what calls take and answer, made from the descriptions of their fields."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

#: Of ids, by the word before the underscore, and of what else has a form.
_ID: Final = "01k2m8w5c4e0t9q7y3x6v1b2n8"
_BY_FORMAT: Final = {
    "date-time": "2027-01-03T09:00:00Z",
    "date": "2027-01-03",
    "base64": "aGVsbG8=",
    "uri": "https://example.com/hooks",
}
_BY_TYPE: Final = {"string": "…", "integer": 1, "number": 1.5, "boolean": True, "null": None}
_DEEPEST: Final = 6

Schema = Mapping[str, Any]


def example_of(schema: Schema, components: Mapping[str, Schema], *, is_whole: bool) -> Any:
    """Return a value that fits a schema.

    :param components: the schemas that references lead to, by name
    :param is_whole: with every field, as an answer has; otherwise with those that a call has to
        give, and those that say by an example of their own how they are used
    """
    return _value(schema, components, is_whole, 0)


def _value(schema: Schema, components: Mapping[str, Schema], is_whole: bool, depth: int) -> Any:
    if "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if schema.get("default") not in (None, "", [], {}):
        return schema["default"]
    if schema.get("enum"):
        return next((one for one in schema["enum"] if one != ""), "")
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return _value(schema[several][0], components, is_whole, depth)
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        return dict(_fields(schema, components, is_whole, depth))
    if kind == "array":
        few = range(max(1, schema.get("minItems", 0)) if depth < _DEEPEST else 0)
        return [_value(schema["items"], components, is_whole, depth + 1) for _ in few]
    if kind == "string":
        return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE["string"])
    return (
        max(_BY_TYPE[kind], schema.get("minimum", _BY_TYPE[kind]))
        if kind in ("integer", "number")
        else _BY_TYPE[kind]
    )


def _fields(
    schema: Schema, components: Mapping[str, Schema], is_whole: bool, depth: int
) -> Iterator[tuple[str, Any]]:
    required = schema.get("required", [])
    for name, field in islice(schema.get("properties", {}).items(), 100):
        if is_whole or name in required or field.get("examples"):
            if name == "id" and field.get("type") == "string":
                yield name, _ID
            else:
                yield name, _value(field, components, is_whole, depth + 1)
