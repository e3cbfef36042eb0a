"""Name subscribers by the id that a program of their workspace has for them."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

KNOWN_ELSEWHERE = sa.text("external_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("external_id", sa.String(length=255), nullable=True))
    op.create_index(
        "ix_subscribers_workspace_id_external_id",
        "subscribers",
        ["workspace_id", "external_id"],
        unique=True,
        postgresql_where=KNOWN_ELSEWHERE,
        sqlite_where=KNOWN_ELSEWHERE,
    )


def downgrade() -> None:
    op.drop_index("ix_subscribers_workspace_id_external_id", "subscribers")
    op.execute("ALTER TABLE subscribers DROP COLUMN external_id")
