"""Have one worker at a time make a campaign's deliveries."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import UtcDateTime

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("preparing_until", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.execute("ALTER TABLE runs DROP COLUMN preparing_until")
