"""Keep what stood in a draft before a finding was mended by a button."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mailer.columns import Id, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign_mends",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column("made_by_id", Id(), nullable=True),
        sa.Column("finding", sa.String(length=80), nullable=False),
        sa.Column(
            "before",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_mends_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["users.id"], name=op.f("fk_campaign_mends_made_by_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_mends")),
    )
    op.create_index(op.f("ix_campaign_mends_campaign_id"), "campaign_mends", ["campaign_id"])


def downgrade() -> None:
    op.drop_table("campaign_mends")
