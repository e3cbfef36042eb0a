"""Column types that mean what they say, and are one in SQLite and PostgreSQL."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, SafeUUID

from sqlalchemy import JSON, DateTime, Dialect, Enum, LargeBinary, String, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator

_SET_INT: Final = UUID.int.__set__  # type: ignore[attr-defined, misc]
_SET_SAFE: Final = UUID.is_safe.__set__  # type: ignore[attr-defined, misc]


def uuid_of(stored: bytes | None) -> UUID | None:
    """Return the UUID of 16 bytes; its own constructor, which knows five forms, takes three times as long."""
    if stored is None:
        return None
    made = object.__new__(UUID)
    _SET_INT(made, int.from_bytes(stored))
    _SET_SAFE(made, SafeUUID.unknown)
    return made


def _bytes_of(value: UUID | None) -> bytes | None:
    return None if value is None else value.bytes


class Id(TypeDecorator[UUID]):
    """A UUID: PostgreSQL's own type, and 16 bytes in SQLite, where 36 characters would double every index."""

    impl = Uuid
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Choose the stored form."""
        return dialect.type_descriptor(LargeBinary(16) if dialect.name == "sqlite" else Uuid())

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        """Turn a UUID into its stored form."""
        return value.bytes if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        """Turn the stored form into a UUID."""
        return uuid_of(value) if dialect.name == "sqlite" else value

    def bind_processor(self, dialect: Dialect) -> Any:
        """Turn UUIDs into stored forms with one call each: one message has seventeen."""
        return _bytes_of if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Turn stored forms into UUIDs with one call each: a claim reads some thousands."""
        return uuid_of if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC; a naive one is a bug and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store in UTC; SQLite's text then sorts by time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"{value!r} has no time zone.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")


def sorted_text(length: int) -> String:
    """Return the column type of text that sorts by code point in both databases.

    A range over its index then finds every value with a prefix, whatever locale
    PostgreSQL was made with.
    """
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def enum_column(kind: type[StrEnum]) -> Enum:
    """Return the column type of an enumeration: its values as text, checked by the database."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


class new_id(GenericFunction[UUID]):
    """A new UUIDv7 made by the database, one for each row of an ``INSERT … SELECT``."""

    type = Id()
    inherit_cache = True


@compiles(new_id, "sqlite")
def _new_id_in_sqlite(element: new_id, compiler: Any, **options: Any) -> str:
    # The first 72 bits, among them version and variant, are one statement's, and 56 random ones the
    # row's own (RFC 9562 5.7 leaves them to us). For each row SQLite would wait until this process's
    # other threads let Python go, while everybody waits for it.
    return "CAST(mailer_uuid7_start() || randomblob(7) AS BLOB)"


@compiles(new_id, "postgresql")
def _new_id_in_postgresql(element: new_id, compiler: Any, **options: Any) -> str:
    # 48 bits of milliseconds and version 7 over a digest (RFC 9562 5.7; uuidv7() comes only with
    # PostgreSQL 18). What stands in a SELECT is asked once for each statement: servers built without
    # OpenSSL open /dev/urandom each time that they are asked for strong randomness.
    return (
        "overlay(overlay(md5((SELECT gen_random_uuid()::text) || random()) placing "
        "(SELECT lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7') "
        "from 1 for 13) placing '8' from 17 for 1)::uuid"
    )
