"""What a tree of conditions is asked about, and by which names people know what it calls by id."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, select

from mailer import signals
from mailer.audience.models import FieldType, MailingList, Tag
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.ids import parse_id
from mailer.segments.models import Segment

Clause = ColumnElement[bool]
_NOUNS: Final[dict[Any, str]] = {MailingList: "list", Tag: "tag", Segment: "segment"}


@dataclass(frozen=True)
class Asked:
    """What a tree is asked about, and when.

    :param fields: the type of each of the workspace's fields, by key
    :param inside: the segments that led here, so that none holds itself
    """

    workspace_id: UUID
    now: datetime
    fields: Mapping[str, FieldType]
    inside: tuple[UUID, ...] = ()

    @classmethod
    def of(cls, workspace_id: UUID, *, now: datetime, inside: tuple[UUID, ...] = ()) -> "Asked":
        """Return what a tree of a workspace is asked about."""
        fields = {field.key: field.type for field in fields_of(workspace_id)}
        return cls(workspace_id, now, fields, inside)

    def within(self, segment_id: UUID) -> "Asked":
        """Return what the tree of a segment in this one is asked about."""
        return replace(self, inside=(*self.inside, segment_id))

    def since(self, days: int) -> datetime:
        """Return when so many days ago was."""
        return self.now - timedelta(days=days)

    @property
    def is_sqlite(self) -> bool:
        """Whether the words of SQLite are needed."""
        return db.session.get_bind().dialect.name == "sqlite"

    def owned_id(self, model: Any, public_id: str) -> UUID:
        """Return the id of a list, tag or segment of the workspace.

        :raises Invalid: it is gone
        """
        found: UUID | None = db.session.scalar(
            select(model.id).where(
                model.workspace_id == self.workspace_id, model.id == parse_id(model.prefix, public_id)
            )
        )
        if found is None:
            raise Invalid(f"A {_NOUNS[model]} that is asked about is gone; choose another.")
        return found


@dataclass(frozen=True)
class Names:
    """What conditions call by key or by id, by the names that people know.

    :param fields: labels by key
    :param campaigns: names by public id, the newest first
    :param others: names of lists, tags and segments by public id
    """

    fields: Mapping[str, str]
    campaigns: Mapping[str, str]
    others: Mapping[str, str]

    @classmethod
    def of(cls, workspace_id: UUID) -> "Names":
        """Return the names of a workspace's things."""
        fields = {field.key: field.label for field in fields_of(workspace_id)}
        answers = signals.campaign_names_wanted.send(workspace_id)
        campaigns = {public_id: name for _, known in answers for public_id, name in known.items()}
        others = {
            row.public_id: row.name
            for model in _NOUNS
            for row in db.session.scalars(select(model).where(model.workspace_id == workspace_id))
        }
        return cls(fields, campaigns, others)

    def quoted(self, public_id: str, *, otherwise: str) -> str:
        """Return a thing's name in quotation marks."""
        name = self.others.get(public_id) or self.campaigns.get(public_id)
        return otherwise if name is None else f"“{name}”"
