"""What is sent in with a form waits in a table of its own until a worker signs it up."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, Json, UtcDateTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "waiting_entries",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("form_id", Id(), nullable=True),
        sa.Column("form_version_id", Id(), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("sent", Json, nullable=False),
        _belongs("workspace_id", "workspaces.id"),
        _belongs("form_id", "forms.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_entries")),
    )
    op.create_index("ix_waiting_entries_workspace_id", "waiting_entries", ["workspace_id"])
    op.create_index("ix_waiting_entries_created_at", "waiting_entries", ["created_at"])


def downgrade() -> None:
    op.drop_table("waiting_entries")


def _belongs(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [target], name=op.f(f"fk_waiting_entries_{column}"), ondelete="CASCADE"
    )
