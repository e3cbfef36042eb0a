"""Custom fields of the workspace’s subscribers."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mailer.accounts.models import Workspace
from mailer.columns import enum_column
from mailer.db import Base, Identified


class FieldType(StrEnum):
    """What a custom field holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    #: Any number of some choices, kept as a list in the order of the choices.
    CHOICES = "choices"
    URL = "url"

    @property
    def has_choices(self) -> bool:
        """Whether its values are among some that are given."""
        return self in {FieldType.CHOICE, FieldType.CHOICES}


class Editor(StrEnum):
    """Who may change what a field says of somebody, besides staff."""

    #: The person, where one of the forms asks for it.
    ASKED = "asked"
    #: The person, on their preference page, whether or not a form asks.
    PERSON = "person"
    #: Nobody else: a form may ask once, and the answer is staff's from then on.
    STAFF = "staff"


class Field(Identified, Base):
    """A typed custom attribute of the workspace's subscribers."""

    __tablename__ = "fields"
    prefix = "fld"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(60))
    label: Mapped[str] = mapped_column(String(120))
    type: Mapped[FieldType] = mapped_column(enum_column(FieldType), default=FieldType.TEXT)
    choices: Mapped[list[str]] = mapped_column(default=list)
    #: Forms do not go on without it, and a person cannot empty it; imports and programs can.
    is_required: Mapped[bool] = mapped_column(default=False)
    #: What new subscribers have unless something else is said of them, as it is typed; empty for nothing.
    default_value: Mapped[str] = mapped_column(String(500), default="")
    editor: Mapped[Editor] = mapped_column(enum_column(Editor), default=Editor.ASKED)

    __table_args__ = (UniqueConstraint("workspace_id", "key"),)
