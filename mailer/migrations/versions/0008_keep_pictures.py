"""Keep pictures for mails."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pictures",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("alt", sa.String(length=500), nullable=False),
        sa.Column("stored_as", sa.String(length=80), nullable=False),
        sa.Column("thumbnail_as", sa.String(length=80), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("byte_count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("uploaded_by_id", Id(), nullable=True),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("width > 0 AND height > 0", name=op.f("ck_pictures_has_size")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_pictures_workspace_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"], ["users.id"], name=op.f("fk_pictures_uploaded_by_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
        sa.UniqueConstraint("stored_as", name=op.f("uq_pictures_stored_as")),
    )
    op.create_index("ix_pictures_workspace_id_id", "pictures", ["workspace_id", "id"])
    op.create_index("ix_pictures_workspace_id_digest", "pictures", ["workspace_id", "digest"])


def downgrade() -> None:
    op.drop_table("pictures")
