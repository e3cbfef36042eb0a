"""Custom fields: what a workspace wants to know of its subscribers, and values that fit."""

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update

from mailer.audience.models import Editor, Field, FieldType, Subscriber
from mailer.db import db, insert_missing, owned
from mailer.errors import Invalid
from mailer.lib.ids import uuid7
from mailer.lib.lines import clean_line
from mailer.patience import patiently

_KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")
_KEY_RULE = "A key has lower-case letters, digits and _ only, and begins with a letter."
_YES = frozenset({"true", "yes", "y", "1", "on"})
_NO = frozenset({"false", "no", "n", "0", "off"})
_LONGEST_VALUE = 500
#: Stands between several choices where they are written as text; none has it.
BETWEEN_CHOICES: Final = " | "
_BETWEEN: Final = ("|", ";", "\n", ",")
_MOST_FIELDS = 100


def create_field(
    workspace_id: UUID,
    label: str,
    *,
    key: str = "",
    type: FieldType = FieldType.TEXT,
    choices: Iterable[str] = (),
    is_required: bool = False,
    default_value: str = "",
    editor: Editor = Editor.ASKED,
) -> Field:
    """Make a field; its key, by which merge tags call it, is made from the label when none is given.

    :raises Invalid: the key is taken or cannot stand in a merge tag, a choice has no choices,
        or the default is not of the type
    """
    label = clean_line(label, label="The label", longest=120, is_required=True)
    key = key.strip() or key_from(label)
    if not _KEY.fullmatch(key):
        raise Invalid(_KEY_RULE, fields={"key": _KEY_RULE})
    keys = set(db.session.scalars(select(Field.key).where(Field.workspace_id == workspace_id)))
    if key in keys:
        sentence = f"There is already a field “{key}”."
        raise Invalid(sentence, fields={"key": sentence})
    if len(keys) >= _MOST_FIELDS:
        raise Invalid(f"A workspace has {_MOST_FIELDS} fields at most; delete one that is no longer used.")
    field = Field(workspace_id=workspace_id, key=key, type=type, label=label)
    field.choices = _clean_choices(type, choices)
    _set_options(field, is_required=is_required, default_value=default_value, editor=editor)
    db.session.add(field)
    db.session.flush()
    return field


def create_missing_fields(workspace_id: UUID, values: Mapping[str, Any]) -> None:
    """Make a field for each key that is new here, of the type that its value has.

    For programs, which know their data and have nobody at hand to make fields first.

    :raises Invalid: a key cannot stand in a merge tag
    """
    known = set(db.session.scalars(select(Field.key).where(Field.workspace_id == workspace_id)))
    missing = {key: value for key, value in values.items() if key not in known and value is not None}
    wrong = {f"fields.{key}"[:80]: _KEY_RULE for key in missing if not _KEY.fullmatch(key)}
    if wrong:
        raise Invalid(_KEY_RULE, fields=wrong)
    if missing and len(known) + len(missing) > _MOST_FIELDS:
        raise Invalid(f"A workspace has {_MOST_FIELDS} fields at most; delete one that is no longer used.")
    # Two calls may bring one new key at once; the second finds the first's field.
    insert_missing(
        Field,
        [
            {
                "id": uuid7(),
                "workspace_id": workspace_id,
                "key": key,
                "label": key.replace("_", " ").capitalize(),
                "type": _type_of(value),
            }
            for key, value in missing.items()
        ],
    )


def update_field(
    field: Field,
    *,
    label: str,
    choices: Iterable[str] = (),
    is_required: bool = False,
    default_value: str = "",
    editor: Editor = Editor.ASKED,
) -> None:
    """Change what a field is called and asks; its key and type stay, since mails and values depend on them.

    Values that subscribers have stay as they are: a new default is for those who come later.

    :raises Invalid: a choice has no choices, or the default is not of the type
    """
    field.label = clean_line(label, label="The label", longest=120, is_required=True)
    field.choices = _clean_choices(field.type, choices)
    _set_options(field, is_required=is_required, default_value=default_value, editor=editor)


@patiently()
def delete_field(field: Field) -> None:
    """Delete a field and every subscriber's value of it."""
    without: ColumnElement[Any]
    if db.session.get_bind().dialect.name == "sqlite":
        without = func.json_remove(Subscriber.fields, f'$."{field.key}"')
        has_value = func.json_type(Subscriber.fields, f'$."{field.key}"').is_not(None)
    else:
        without = Subscriber.fields.op("-")(field.key)
        has_value = Subscriber.fields.op("?")(field.key)
    db.session.execute(
        update(Subscriber)
        .where(Subscriber.workspace_id == field.workspace_id, has_value)
        .values(fields=without)
        .execution_options(synchronize_session=False)
    )
    db.session.delete(field)
    db.session.flush()


def field_by_id(workspace_id: UUID, public_id: str) -> Field:
    """Return one of the workspace's fields.

    :raises NotFound: there is none with this id
    """
    return owned(Field, workspace_id, public_id, otherwise="There is no such field.")


def defaults_of(definitions: Iterable[Field]) -> dict[str, Any]:
    """Return what a new subscriber has by key, as long as nothing else is said of them."""
    return {
        field.key: clean_value(field, field.default_value) for field in definitions if field.default_value
    }


def known_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that say something; None says that there is none."""
    return {key: value for key, value in values.items() if value is not None}


def written_value(value: Any) -> str:
    """Return a value as text that :func:`clean_value` reads back: yes, no, ``Rye | Spelt``."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return BETWEEN_CHOICES.join(map(str, value))
    return "" if value is None else str(value)


def key_from(label: str) -> str:
    """Return the key that a label suggests: “Favourite bread” → ``favourite_bread``."""
    plain = unicodedata.normalize("NFKD", label.casefold()).encode("ascii", "ignore").decode()
    key = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:60].strip("_")
    return key if key[:1].isalpha() else f"field_{key}".strip("_")[:60]


def clean_fields(definitions: Iterable[Field], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return values that fit their fields; None where the value is to be forgotten.

    :raises Invalid: with what is wrong by field
    """
    by_key = {field.key: field for field in definitions}
    cleaned: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for key, value in given.items():
        field = by_key.get(key)
        if field is None:
            wrong[f"fields.{key}"[:80]] = "There is no such field."
            continue
        try:
            cleaned[key] = clean_value(field, value)
        except Invalid as error:
            wrong[f"fields.{key}"] = error.message
    if wrong:
        name, sentence = next(iter(wrong.items()))
        raise Invalid(f"{name.removeprefix('fields.')}: {sentence}", fields=wrong)
    return cleaned


def clean_value(field: Field, value: Any) -> Any:
    """Return a value as its field keeps it, or None when there is none.

    Numbers are numbers, booleans booleans, dates ``YYYY-MM-DD``, several choices a list,
    everything else text.

    :raises Invalid: the value is not of the field's type
    """
    if value is None or value == [] or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, dict) or (isinstance(value, list) and field.type is not FieldType.CHOICES):
        raise Invalid("This holds one value, not several.")
    return _CLEANERS[field.type](field, value)


def _type_of(value: Any) -> FieldType:
    if isinstance(value, bool):
        return FieldType.BOOLEAN
    return FieldType.NUMBER if isinstance(value, int | float) else FieldType.TEXT


def _clean_text(field: Field, value: Any) -> str:
    return clean_line(str(value), label=field.label, longest=_LONGEST_VALUE)


def _clean_number(field: Field, value: Any) -> int | float:
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise Invalid(f"“{str(value)[:40]}” is not a number; write it like 12 or 3.5.")
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _clean_date(field: Field, value: Any) -> str:
    try:
        return date.fromisoformat(str(value).strip()[:10]).isoformat()
    except ValueError:
        raise Invalid(f"“{str(value)[:40]}” is not a date; write it like 2026-05-31.") from None


def _clean_boolean(field: Field, value: Any) -> bool:
    word = str(value).strip().casefold()
    if word in _YES | _NO:
        return word in _YES
    raise Invalid(f"“{str(value)[:40]}” is neither yes nor no.")


def _clean_choice(field: Field, value: Any) -> str:
    word = str(value).strip().casefold()
    for choice in field.choices:
        if choice.casefold() == word:
            return choice
    raise Invalid(f"“{str(value)[:40]}” is none of {', '.join(field.choices)}.")


def _clean_several(field: Field, value: Any) -> list[str] | None:
    parts = value if isinstance(value, list) else _parts_of(field, str(value))
    chosen = {_clean_choice(field, part) for part in parts}
    return [choice for choice in field.choices if choice in chosen] or None


def _parts_of(field: Field, text: str) -> list[str]:
    """Part a text by what stands between its choices: the first sign by which all of them are known.

    A choice may have a comma or semicolon of its own.
    """
    if text.strip().startswith("["):
        try:
            return list(json.loads(text))
        except (ValueError, RecursionError):
            text = text.strip().strip("[]")
    known = {choice.casefold() for choice in field.choices}
    parted = [_parted(text, sign) for sign in ("", *_BETWEEN) if sign in text]
    return next((parts for parts in parted if {part.casefold() for part in parts} <= known), parted[-1])


def _parted(text: str, sign: str) -> list[str]:
    parts = text.split(sign) if sign else [text]
    return [word for part in parts if (word := part.strip().strip('"“”'))]


def _clean_url(field: Field, value: Any) -> str:
    url = str(value).strip()
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_web = False
    if (
        not is_web
        or len(url) > _LONGEST_VALUE
        or any(sign.isspace() or not sign.isprintable() for sign in url)
    ):
        raise Invalid(f"“{url[:40]}” is not a web address; write it like https://bakery.example/rye.")
    return url


_CLEANERS = {
    FieldType.TEXT: _clean_text,
    FieldType.NUMBER: _clean_number,
    FieldType.DATE: _clean_date,
    FieldType.BOOLEAN: _clean_boolean,
    FieldType.CHOICE: _clean_choice,
    FieldType.CHOICES: _clean_several,
    FieldType.URL: _clean_url,
}


def _set_options(field: Field, *, is_required: bool, default_value: str, editor: Editor) -> None:
    default_value = default_value.strip()
    try:
        clean_value(field, default_value)
    except Invalid as error:
        raise Invalid(error.message, fields={"default_value": error.message}) from None
    field.is_required, field.default_value, field.editor = is_required, default_value, editor


def _clean_choices(type: FieldType, choices: Iterable[str]) -> list[str]:
    if not type.has_choices:
        return []
    cleaned = [clean_line(choice, label="A choice", longest=120) for choice in choices]
    cleaned = list(dict.fromkeys(choice for choice in cleaned if choice))
    if not cleaned:
        sentence = "Write at least one choice, one on each line."
        raise Invalid(sentence, fields={"choices": sentence})
    if type is FieldType.CHOICES and any("|" in choice for choice in cleaned):
        sentence = "A choice has no “|”, which stands between them in files."
        raise Invalid(sentence, fields={"choices": sentence})
    return cleaned
