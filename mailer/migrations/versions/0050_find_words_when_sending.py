"""Let a message be without a text part of its own: it is what its HTML says."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("messages") as batch:
        batch.alter_column("text", existing_type=sa.Text(), nullable=True)


def downgrade() -> None:
    # Those that wait still go out as HTML alone.
    op.execute("UPDATE messages SET text = '' WHERE text IS NULL")
    with op.batch_alter_table("messages") as batch:
        batch.alter_column("text", existing_type=sa.Text(), nullable=False)
