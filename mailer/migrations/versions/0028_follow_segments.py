"""Write down who enters a segment and who leaves it."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("segments", sa.Column("followed_at", UtcDateTime(), nullable=True))
    op.create_table(
        "segment_members",
        sa.Column("segment_id", Id(), nullable=False),
        sa.Column("subscriber_id", Id(), nullable=False),
        *_keys("segment_members"),
        sa.PrimaryKeyConstraint("segment_id", "subscriber_id", name=op.f("pk_segment_members")),
    )
    op.create_index("ix_segment_members_subscriber_id", "segment_members", ["subscriber_id"])
    op.create_table(
        "segment_changes",
        sa.Column("segment_id", Id(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("subscriber_id", Id(), nullable=False),
        sa.Column("has_entered", sa.Boolean(), nullable=False),
        *_keys("segment_changes"),
        sa.PrimaryKeyConstraint("segment_id", "at", "subscriber_id", name=op.f("pk_segment_changes")),
    )
    op.create_index(
        "ix_segment_changes_subscriber_id_segment_id_at",
        "segment_changes",
        ["subscriber_id", "segment_id", "at"],
    )


def downgrade() -> None:
    op.drop_table("segment_changes")
    op.drop_table("segment_members")
    op.drop_column("segments", "followed_at")


def _keys(table: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")
        for column, target in (("segment_id", "segments.id"), ("subscriber_id", "subscribers.id"))
    ]
