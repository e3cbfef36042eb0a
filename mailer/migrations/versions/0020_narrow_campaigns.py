"""Narrow campaigns to segments, and leave others out."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, Json

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign_segments",
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column("segment_id", Id(), nullable=False),
        sa.Column("is_excluded", sa.Boolean(), nullable=False),
        sa.Column("conditions", Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_campaign_segments_campaign_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("campaign_id", "segment_id", name=op.f("pk_campaign_segments")),
    )


def downgrade() -> None:
    op.drop_table("campaign_segments")
