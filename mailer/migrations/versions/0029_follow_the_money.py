"""Let workspaces choose what they count, and count what readers buy."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, UtcDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

MODES = ("full", "anonymous", "none")
VERDICTS = ("human", "proxy", "prefetch", "apple_mpp", "scanner", "unknown")
REASONS = (
    *("nothing_odd", "user_agent", "no_user_agent", "hidden_link", "with_hidden_link", "many_links"),
    *("many_readers", "gateway", "too_soon", "not_judged"),
)


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    # In the words of the table itself: SQLite drops a column only where no other constraint names it.
    op.execute(
        "ALTER TABLE messages ADD COLUMN tracking VARCHAR(32) DEFAULT 'full' NOT NULL"
        f" CONSTRAINT ck_messages_trackingmode CHECK (tracking IN {MODES})"
    )
    op.execute(
        "ALTER TABLE campaigns ADD COLUMN tracking VARCHAR(32)"
        f" CONSTRAINT ck_campaigns_trackingmode CHECK (tracking IN {MODES})"
    )
    op.create_table(
        "tracking_settings",
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("mode", _enum("trackingmode", *MODES), nullable=False),
        sa.Column("conversion_days", sa.Integer(), nullable=False),
        sa.Column("is_tagging", sa.Boolean(), nullable=False),
        sa.Column("utm_source", sa.String(length=60), nullable=False),
        sa.Column("utm_medium", sa.String(length=60), nullable=False),
        sa.CheckConstraint(
            "conversion_days BETWEEN 1 AND 90", name=op.f("ck_tracking_settings_window_in_range")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_tracking_settings_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_tracking_settings")),
    )
    op.create_table(
        "anonymous_events",
        sa.Column("id", Id(), nullable=False),
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column("link_number", sa.Integer(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("verdict", _enum("verdict", *VERDICTS), nullable=False),
        sa.Column("reason", _enum("reason", *REASONS), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_anonymous_events_campaign_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anonymous_events")),
    )
    op.create_index("ix_anonymous_events_campaign_id", "anonymous_events", ["campaign_id"])
    op.create_table(
        "conversions",
        sa.Column("event_id", Id(), nullable=False),
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column("delivery_id", Id(), nullable=False),
        sa.Column("link_number", sa.Integer(), nullable=False),
        sa.Column("value_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], [target], name=op.f(f"fk_conversions_{column}"), ondelete="CASCADE"
            )
            for column, target in (
                ("event_id", "events.id"),
                ("campaign_id", "campaigns.id"),
                ("delivery_id", "deliveries.id"),
            )
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_conversions")),
    )
    for column in ("campaign_id", "delivery_id"):
        op.create_index(f"ix_conversions_{column}", "conversions", [column])


def downgrade() -> None:
    for table in ("conversions", "anonymous_events", "tracking_settings"):
        op.drop_table(table)
    op.drop_column("campaigns", "tracking")
    # A later step has rebuilt this table, so that SQLite names the column in a constraint of the table.
    with op.batch_alter_table("messages") as batch:
        batch.drop_constraint(op.f("ck_messages_trackingmode"), type_="check")
        batch.drop_column("tracking")
