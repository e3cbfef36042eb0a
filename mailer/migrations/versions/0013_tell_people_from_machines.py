"""Keep what every open and click was judged to be, and the sums of people beside those of all."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

VERDICTS = ("human", "proxy", "prefetch", "apple_mpp", "scanner", "unknown")
REASONS = (
    *("nothing_odd", "user_agent", "no_user_agent", "hidden_link", "with_hidden_link", "many_links"),
    *("many_readers", "gateway", "too_soon", "not_judged"),
)


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.add_column("messages", sa.Column("trap_link", sa.Integer(), nullable=True))
    for name in ("human_opened_at", "human_clicked_at"):
        op.add_column("deliveries", sa.Column(name, UtcDateTime(), nullable=True))
    op.execute(
        "UPDATE deliveries SET human_opened_at = opened_at, human_clicked_at = clicked_at"
        " WHERE opened_at IS NOT NULL OR clicked_at IS NOT NULL"
    )
    for table in ("opens", "clicks"):
        op.add_column(table, sa.Column("network", sa.String(length=43), server_default="", nullable=False))
        op.add_column(table, sa.Column("judged_by", sa.Integer(), server_default="0", nullable=False))
        # In the words of the table itself: SQLite drops a column only where no other constraint names it.
        for name, default, allowed in (("verdict", "human", VERDICTS), ("reason", "not_judged", REASONS)):
            op.execute(
                f"ALTER TABLE {table} ADD COLUMN {name} VARCHAR(32) DEFAULT '{default}' NOT NULL"
                f" CONSTRAINT ck_{table}_{name} CHECK ({name} IN {allowed})"
            )
        op.create_index(f"ix_{table}_network_at", table, ["network", "at"])
    for table in ("hourly_activity", "link_activity"):
        for name in ("human_total", "human_people"):
            op.add_column(table, sa.Column(name, sa.Integer(), server_default="0", nullable=False))
        op.execute(f"UPDATE {table} SET human_total = total, human_people = people")  # noqa: S608
    op.create_table(
        "verdict_activity",
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column("activity", _enum("activity", "open", "click", "unsubscribe"), nullable=False),
        sa.Column("verdict", _enum("verdict", *VERDICTS), nullable=False),
        sa.Column("reason", _enum("reason", *REASONS), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_verdict_activity_campaign_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "campaign_id", "activity", "verdict", "reason", name=op.f("pk_verdict_activity")
        ),
    )
    for table, activity in (("opens", "open"), ("clicks", "click")):
        op.execute(
            "INSERT INTO verdict_activity (campaign_id, activity, verdict, reason, total)"  # noqa: S608
            f" SELECT campaign_id, '{activity}', 'human', 'not_judged', count(*) FROM {table}"
            " WHERE campaign_id IS NOT NULL GROUP BY campaign_id"
        )


def downgrade() -> None:
    op.drop_table("verdict_activity")
    for table in ("link_activity", "hourly_activity"):
        for name in ("human_people", "human_total"):
            op.drop_column(table, name)
    for table in ("clicks", "opens"):
        op.drop_index(f"ix_{table}_network_at", table)
        for name in ("judged_by", "reason", "verdict", "network"):
            op.drop_column(table, name)
    for name in ("human_clicked_at", "human_opened_at"):
        op.drop_column("deliveries", name)
    op.drop_column("messages", "trap_link")
