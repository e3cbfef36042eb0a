"""Hear of orders from the pages of shops."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "tracking_settings",
        sa.Column("shop_hosts", sa.String(length=500), server_default="", nullable=False),
    )


def downgrade() -> None:
    op.drop_column("tracking_settings", "shop_hosts")
