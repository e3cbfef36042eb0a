"""Let the links of a sending domain's mail be of a host of its own."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import UtcDateTime

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sending_domains",
        sa.Column("tracking_host", sa.String(length=253), server_default="", nullable=False),
    )
    op.add_column("sending_domains", sa.Column("tracking_since", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("sending_domains", "tracking_since")
    op.drop_column("sending_domains", "tracking_host")
