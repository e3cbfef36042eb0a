"""Count the campaigns that were sent with a template."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("templates", sa.Column("use_count", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("templates", sa.Column("used_at", UtcDateTime(), nullable=True))
    op.execute(
        "UPDATE templates SET use_count = (SELECT count(*) FROM campaigns"
        " WHERE template_id = templates.id AND launched_at IS NOT NULL),"
        " used_at = (SELECT max(launched_at) FROM campaigns WHERE template_id = templates.id)"
    )


def downgrade() -> None:
    op.drop_column("templates", "used_at")
    op.drop_column("templates", "use_count")
