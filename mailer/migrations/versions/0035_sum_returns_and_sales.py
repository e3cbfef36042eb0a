"""Keep sums of what came back and of what was bought, so that no page of a report reads the rows.

Orders stay in the figures when whoever placed them is erased: a conversion holds nothing
of the person but the delivery, which is emptied as well.
"""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

KINDS = ("bounce", "delivered", "complaint", "auto_reply", "challenge", "unsubscribe", "reply", "other")
_SALES = """INSERT INTO sales_sums (campaign_id, link_number, currency, people, orders, value_micros)
SELECT campaign_id, {link}, {currency}, count(DISTINCT delivery_id), count(*), {value}
FROM conversions GROUP BY {group}"""


def upgrade() -> None:
    op.create_table(
        "return_sums",
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("is_hard", sa.Boolean(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        _of_campaign("return_sums"),
        sa.PrimaryKeyConstraint("campaign_id", "kind", "is_hard", name=op.f("pk_return_sums")),
    )
    op.execute(
        "INSERT INTO return_sums (campaign_id, kind, is_hard, people)"
        " SELECT campaign_id, kind, kind = 'bounce' AND coalesce(is_hard, false), count(DISTINCT delivery_id)"
        " FROM returns WHERE campaign_id IS NOT NULL"
        " GROUP BY campaign_id, kind, kind = 'bounce' AND coalesce(is_hard, false)"
    )
    op.create_table(
        "sales_sums",
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column("link_number", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("value_micros", sa.BigInteger(), nullable=False),
        _of_campaign("sales_sums"),
        sa.PrimaryKeyConstraint("campaign_id", "link_number", "currency", name=op.f("pk_sales_sums")),
    )
    for link, currency, value, group in (
        ("-1", "''", "0", "campaign_id"),
        ("-1", "currency", "sum(value_micros)", "campaign_id, currency"),
        ("link_number", "currency", "sum(value_micros)", "campaign_id, link_number, currency"),
    ):
        op.execute(_SALES.format(link=link, currency=currency, value=value, group=group))
    with op.batch_alter_table("conversions") as table:
        table.drop_constraint(op.f("fk_conversions_event_id"), type_="foreignkey")
    is_gone = sa.text("unsubscribed_at IS NOT NULL")
    op.create_index(
        "ix_deliveries_left",
        "deliveries",
        ["campaign_id", "id"],
        postgresql_where=is_gone,
        sqlite_where=is_gone,
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_left", "deliveries")
    op.execute("DELETE FROM conversions WHERE event_id NOT IN (SELECT id FROM events)")
    with op.batch_alter_table("conversions") as table:
        table.create_foreign_key(
            op.f("fk_conversions_event_id"), "events", ["event_id"], ["id"], ondelete="CASCADE"
        )
    op.drop_table("sales_sums")
    op.drop_table("return_sums")


def _of_campaign(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["campaign_id"], ["campaigns.id"], name=op.f(f"fk_{table}_campaign_id"), ondelete="CASCADE"
    )
