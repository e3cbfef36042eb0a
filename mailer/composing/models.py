"""Templates, their versions, the brand that they all follow; and blocks kept for other designs."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import User, Workspace
from mailer.columns import Json, enum_column
from mailer.db import Base, Identified
from mailer.lib.clock import utcnow
from mailer.rendering.blocks.document import Document
from mailer.rendering.blocks.read import read


class Format(StrEnum):
    """What a mail is written in: a document of blocks, or words of one kind."""

    DESIGN = "design"
    MARKDOWN = "markdown"
    MJML = "mjml"
    HTML = "html"


class _Source:
    """What a template is made of: a document, or HTML with a ``{{ content }}`` slot."""

    design: Mapped[dict[str, Any] | None] = mapped_column(Json)
    html: Mapped[str] = mapped_column(Text, default="")

    @property
    def document(self) -> Document | None:
        """The design, when it is one."""
        return None if self.design is None else read(self.design)


class Template(Identified, _Source, Base):
    """A reusable design. What stands in it is a draft; campaigns take the version published last."""

    __tablename__ = "templates"
    prefix = "tpl"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    format: Mapped[Format] = mapped_column(enum_column(Format), default=Format.HTML)
    #: The number of the version published last; 0 before the first.
    version: Mapped[int] = mapped_column(default=0)
    #: Counts the saves, so that two tabs do not overwrite each other.
    revision: Mapped[int] = mapped_column(default=1)
    #: How many campaigns were sent with it, and when the last one was.
    use_count: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)
    archived_at: Mapped[datetime | None]

    versions: Mapped[list["TemplateVersion"]] = relationship(
        back_populates="template", order_by="TemplateVersion.number.desc()", passive_deletes=True
    )
    #: The version that campaigns take; alone, since a version holds a whole design.
    published: Mapped["TemplateVersion | None"] = relationship(
        primaryjoin=(
            "and_(TemplateVersion.template_id == Template.id, TemplateVersion.number == Template.version)"
        ),
        viewonly=True,
        uselist=False,
    )

    __table_args__ = (
        UniqueConstraint("workspace_id", "name"),
        CheckConstraint("length(name) > 0", name="has_name"),
    )

    @property
    def is_published(self) -> bool:
        """Whether campaigns can be made from it."""
        return self.version > 0

    @property
    def is_changed(self) -> bool:
        """Whether its draft says something else than the version that campaigns take."""
        last = self.published
        return last is None or (last.design, last.html) != (self.design, self.html)


class TemplateVersion(Identified, _Source, Base):
    """A template as it was published once; it never changes."""

    __tablename__ = "template_versions"
    prefix = "tpv"

    template_id: Mapped[UUID] = mapped_column(ForeignKey(Template.id, ondelete="CASCADE"))
    number: Mapped[int]
    #: What is new in it, in its author's words.
    note: Mapped[str] = mapped_column(String(200), default="")
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))

    template: Mapped[Template] = relationship(back_populates="versions")
    created_by: Mapped[User | None] = relationship()

    __table_args__ = (UniqueConstraint("template_id", "number"),)


class BrandKit(Base):
    """How a workspace's mails look; its accent colour and address are the workspace's own."""

    __tablename__ = "brand_kits"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    #: By role, ``#rrggbb``; those left out are the product's own.
    colors: Mapped[dict[str, Any]] = mapped_column(default=dict)
    font: Mapped[str] = mapped_column(String(20), default="sans")
    heading_font: Mapped[str] = mapped_column(String(20), default="sans")
    logo_src: Mapped[str] = mapped_column(String(2000), default="")
    logo_alt: Mapped[str] = mapped_column(String(200), default="")
    logo_href: Mapped[str] = mapped_column(String(2000), default="")
    logo_width: Mapped[int] = mapped_column(default=120)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)


class SavedBlock(Identified, Base):
    """A block, or a row of them, kept under a name for other campaigns."""

    __tablename__ = "saved_blocks"
    prefix = "sbl"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    #: As it stands in a design; copies get ids of their own.
    content: Mapped[dict[str, Any]] = mapped_column(Json)

    __table_args__ = (
        UniqueConstraint("workspace_id", "name"),
        CheckConstraint("length(name) > 0", name="has_name"),
    )
