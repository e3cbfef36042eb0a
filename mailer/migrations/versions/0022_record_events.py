"""Record what subscribers do elsewhere."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, Json, UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("subscriber_id", Id(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=True),
        sa.Column("value_micros", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("properties", Json, nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_events_has_name")),
        sa.CheckConstraint(
            "value_micros IS NULL OR length(currency) = 3", name=op.f("ck_events_value_has_currency")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_events_workspace_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_events_subscriber_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("workspace_id", "name", "key", name=op.f("uq_events_workspace_id_name_key")),
    )
    op.create_index(
        "ix_events_workspace_id_name_at_subscriber_id",
        "events",
        ["workspace_id", "name", "at", "subscriber_id"],
    )
    op.create_index("ix_events_subscriber_id_at", "events", ["subscriber_id", "at"])
    op.create_index("ix_events_workspace_id_id", "events", ["workspace_id", "id"])


def downgrade() -> None:
    op.drop_table("events")
