"""Keep figures of whole audiences, and who gets the weekly digest."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, Json, UtcDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audience_snapshots",
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("figures", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_audience_snapshots_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_audience_snapshots")),
    )
    op.create_table(
        "digest_readers",
        sa.Column("membership_id", Id(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["membership_id"],
            ["memberships.id"],
            name=op.f("fk_digest_readers_membership_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("membership_id", name=op.f("pk_digest_readers")),
    )


def downgrade() -> None:
    op.drop_table("digest_readers")
    op.drop_table("audience_snapshots")
