"""The kinds of value that calls take, with what is refused, and what each answer has in common."""

import json
import math
import unicodedata
from collections.abc import Iterable
from copy import copy
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    WithJsonSchema,
    create_model,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from mailer.errors import Invalid
from mailer.lib.addresses import clean_address, clean_domain
from mailer.lib.ids import parse_id

#: How many texts one value has at most.
_MOST_CHOSEN: Final = 200


class Given(BaseModel):
    """What a call takes; a field that it does not know is refused, since it is most likely a typo."""

    model_config = ConfigDict(extra="forbid", str_max_length=2_000_000)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say in words what is taken for what is left out: openapi-typescript makes ``default`` a must."""
        schema = handler(core)
        for field in handler.resolve_ref_schema(schema).get("properties", {}).values():
            default = field.pop("default", None)
            if default not in (None, "", [], {}):
                field["description"] = (
                    f"{field.get('description', '')} By default {json.dumps(default)}.".lstrip()
                )
        return schema


class Shown(BaseModel):
    """What a call answers."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    @classmethod
    def of(cls, row: Any, **said: Any) -> Self:
        """Return a row as it is answered: its public id, and each field as the row has it.

        :param said: fields that the row calls otherwise, or has not
        """
        of_row = {
            name: row.public_id if name == "id" else getattr(row, name)
            for name in cls.model_fields
            if name not in said and name != "object"
        }
        return cls(**of_row, **said)

    @classmethod
    def each_of(cls, rows: Iterable[Any]) -> list[Self]:
        """Return rows as they are answered, where nothing else needs to be said of them."""
        return [cls.of(row) for row in rows]

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say that every field is there: no answer leaves one out."""
        schema = handler(core)
        whole = handler.resolve_ref_schema(schema)
        for field in whole.get("properties", {}).values():
            field.pop("default", None)
        whole["required"] = list(whole.get("properties", {}))
        return schema


def _one_line(text: str) -> str:
    if not text.isprintable() and any(
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text
    ):
        raise ValueError("control characters and line breaks cannot stand here")
    return text


def printable(text: str) -> str:
    """Return content of several lines as it is.

    :raises ValueError: there is a control character in it
    """
    if any(unicodedata.category(character) == "Cc" and character not in "\n\r\t" for character in text):
        raise ValueError("control characters cannot stand here")
    return text


def _address(text: str) -> str:
    try:
        return clean_address(text)
    except Invalid as error:
        raise ValueError(error.message) from None


def _domain(text: str) -> str:
    try:
        return clean_domain(text)
    except Invalid as error:
        raise ValueError(error.message) from None


def _plain_value(value: Any) -> Any:
    if isinstance(value, str):
        return _one_line(value)
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ValueError("one text, number, yes or no is taken")


def _field_value(value: Any) -> Any:
    """Return a plain value, or the texts of a field that holds several choices."""
    if not isinstance(value, list):
        return _plain_value(value)
    if len(value) <= _MOST_CHOSEN and all(isinstance(each, str) for each in value):
        return [_one_line(each) for each in value]
    raise ValueError(f"a list has {_MOST_CHOSEN} texts at most, and nothing else")


def _identifier(prefix: str) -> AfterValidator:
    def check(text: str) -> str:
        if parse_id(prefix, text) is None:
            raise ValueError(f"“{text[:60]}” is not an id; it begins with {prefix}_")
        return text

    return AfterValidator(check)


def id_of(prefix: str) -> Any:
    """Return the kind of an id that a call takes: the text of one with a prefix."""
    return Annotated[str, _identifier(prefix), Field(examples=[f"{prefix}_01k2m8w5c4e0t9q7y3x6v1b2n8"])]


#: A name, a subject, an address: no line ends, so that it can stand in a header.
Line = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_one_line)]
#: Content of several lines.
Lines = Annotated[str, AfterValidator(printable)]
ListId = Annotated[str, _identifier("lst"), Field(examples=["lst_01k2m8w5c4e0t9q7y3x6v1b2n8"])]
Address = Annotated[Line, AfterValidator(_address), Field(examples=["ana@example.com"])]
#: What a program of the workspace calls somebody or something of ours.
ExternalId = Annotated[Line, Field(max_length=255, examples=["customer-4711"])]
#: As A-labels.
Domain = Annotated[Line, AfterValidator(_domain), Field(examples=["bakery.example"])]
#: One plain value, such as a property of an event.
PlainValue = Annotated[
    Any,
    AfterValidator(_plain_value),
    WithJsonSchema({"type": ["string", "number", "boolean", "null"]}),
]
#: The value of a custom field; which kind it must be is the workspace's to say.
FieldValue = Annotated[
    Any,
    AfterValidator(_field_value),
    WithJsonSchema({"type": ["string", "number", "boolean", "array", "null"], "items": {"type": "string"}}),
]


def list_of(shown: type[Shown], name: str) -> type[Shown]:
    """Return the schema of a page of answers."""
    fields: dict[str, Any] = {
        "object": (Literal["list"], "list"),
        "has_more": (bool, Field(description="Whether another page follows in this direction.")),
        "data": (list[shown], ...),  # type: ignore[valid-type]
    }
    return create_model(name, __base__=Shown, **fields)


def also_answers(status: int, shown: str, words: str) -> dict[int | str, Any]:
    """Return the description of an answer with another status than a call's usual one.

    :param shown: the name of its schema
    """
    schema = {"$ref": f"#/components/schemas/{shown}"}
    return {status: {"description": words, "content": {"application/json": {"schema": schema}}}}


def changes_of(whole: type[Given], name: str) -> type[Given]:
    """Return the schema of a partial update: the fields of a whole one, each of which may be left out.

    What is left out stays as it is; :func:`patched` and :func:`given` tell what was not.
    """
    fields: dict[str, Any] = {}
    for field, whole_info in whole.model_fields.items():
        info = copy(whole_info)
        info.default, info.default_factory = None, None
        info.json_schema_extra = _without_default
        fields[field] = (info.annotation, info)
    return create_model(name, __base__=Given, __doc__=f"{whole.__doc__} What is left out stays.", **fields)


def given(json_data: Given) -> dict[str, Any]:
    """Return what a call says, without what it leaves out."""
    return {name: getattr(json_data, name) for name in json_data.model_fields_set}


def patched(row: Any, json_data: Given) -> dict[str, Any]:
    """Return every field of a partial update: as the call says, or else as the row has it."""
    said = given(json_data)
    return {name: said[name] if name in said else getattr(row, name) for name in type(json_data).model_fields}


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)
