"""Keep blocks for other campaigns."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, Json, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_blocks",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_saved_blocks_has_name")),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_saved_blocks_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_blocks")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_saved_blocks_workspace_id_name")),
    )


def downgrade() -> None:
    op.drop_table("saved_blocks")
