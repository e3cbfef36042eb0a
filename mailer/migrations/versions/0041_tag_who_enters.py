"""Tag whoever enters a segment."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "segment_enter_tags",
        sa.Column("segment_id", Id(), nullable=False),
        sa.Column("tag_id", Id(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], [target], name=op.f(f"fk_segment_enter_tags_{column}"), ondelete="CASCADE"
            )
            for column, target in (("segment_id", "segments.id"), ("tag_id", "tags.id"))
        ),
        sa.PrimaryKeyConstraint("segment_id", "tag_id", name=op.f("pk_segment_enter_tags")),
    )
    op.create_index("ix_segment_enter_tags_tag_id", "segment_enter_tags", ["tag_id"])


def downgrade() -> None:
    op.drop_table("segment_enter_tags")
