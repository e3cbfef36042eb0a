"""Remember which import closed a stream to an address, so that undoing it opens it again."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

BROUGHT = sa.text("import_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("stream_suppressions", sa.Column("import_id", Id(), nullable=True))
    op.create_index(
        "ix_stream_suppressions_import_id",
        "stream_suppressions",
        ["import_id"],
        postgresql_where=BROUGHT,
        sqlite_where=BROUGHT,
    )


def downgrade() -> None:
    op.drop_index("ix_stream_suppressions_import_id", "stream_suppressions")
    op.execute("ALTER TABLE stream_suppressions DROP COLUMN import_id")
