"""Sum opens and clicks by what readers have in common, and what mail came to by domain and provider."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, Json, UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

FACETS = ("provider", "client", "device", "country", "locale", "delay")
FATES = ("accepted", "deferred", "held", "rejected", "refused", "hard", "soft", "complaints")


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    for table in ("opens", "clicks"):
        op.add_column(table, sa.Column("facets", Json, server_default="[]", nullable=False))
    op.add_column(
        "attempts", sa.Column("is_dead_address", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_table(
        "facet_activity",
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column("activity", _enum("activity", "open", "click", "unsubscribe"), nullable=False),
        sa.Column("facet", _enum("facet", *FACETS), nullable=False),
        sa.Column("value", sa.String(length=40), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("total", "people", "human_total", "human_people")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_facet_activity_campaign_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("campaign_id", "activity", "facet", "value", name=op.f("pk_facet_activity")),
    )
    op.create_table(
        "sending_sums",
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column("slot", UtcDateTime(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in FATES),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_sending_sums_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "domain", "provider", "campaign_id", "slot", name=op.f("pk_sending_sums")
        ),
    )
    op.create_index("ix_sending_sums_campaign_id", "sending_sums", ["campaign_id"])
    op.create_index("ix_sending_sums_slot", "sending_sums", ["slot"])


def downgrade() -> None:
    op.drop_table("sending_sums")
    op.drop_table("facet_activity")
    op.drop_column("attempts", "is_dead_address")
    for table in ("clicks", "opens"):
        op.drop_column(table, "facets")
