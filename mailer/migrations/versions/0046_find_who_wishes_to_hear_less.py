"""Find those who wish to hear less without looking at everybody."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

WISHED = sa.text("days_between IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_subscribers_days_between",
        "subscribers",
        ["workspace_id"],
        postgresql_where=WISHED,
        sqlite_where=WISHED,
    )


def downgrade() -> None:
    op.drop_index("ix_subscribers_days_between", table_name="subscribers")
