"""Keep notes, former addresses, and marks of who was erased."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, UtcDateTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "address_changes",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("subscriber_id", Id(), nullable=False),
        sa.Column("before", sa.String(length=320), nullable=False),
        sa.Column("actor_id", Id(), nullable=True),
        _belongs("address_changes", "workspace_id", "workspaces.id"),
        _belongs("address_changes", "subscriber_id", "subscribers.id"),
        _belongs("address_changes", "actor_id", "users.id", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_changes")),
    )
    op.create_index("ix_address_changes_subscriber_id", "address_changes", ["subscriber_id"])
    op.create_table(
        "notes",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("subscriber_id", Id(), nullable=False),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column("author_id", Id(), nullable=True),
        sa.CheckConstraint("length(text) > 0", name=op.f("ck_notes_has_text")),
        _belongs("notes", "workspace_id", "workspaces.id"),
        _belongs("notes", "subscriber_id", "subscribers.id"),
        _belongs("notes", "author_id", "users.id", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index("ix_notes_subscriber_id", "notes", ["subscriber_id"])
    op.create_table(
        "erasures",
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("mark", sa.String(length=32), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=False),
        _belongs("erasures", "workspace_id", "workspaces.id"),
        sa.PrimaryKeyConstraint("workspace_id", "mark", name=op.f("pk_erasures")),
    )


def downgrade() -> None:
    op.drop_table("erasures")
    op.drop_table("notes")
    op.drop_table("address_changes")


def _belongs(table: str, column: str, target: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)
