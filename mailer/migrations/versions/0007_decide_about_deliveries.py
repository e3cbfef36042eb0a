"""Write down what operators decide about deliveries; let a workspace choose how long it tries."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OPEN = sa.text("ended_at IS NULL")


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column("user_id", Id(), nullable=True),
        sa.Column("made_by", sa.String(length=320), nullable=False),
        sa.Column("kind", _enum("decisionkind", "retry", "give_up", "arrived", "send_again"), nullable=False),
        sa.Column(
            "standing",
            _enum("standing", "prepared", "deferred", "held", "in_doubt", "rejected", "skipped", "accepted"),
            nullable=False,
        ),
        sa.Column("is_for_all", sa.Boolean(), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("search", sa.String(length=320), nullable=False),
        sa.Column("moved_count", sa.Integer(), nullable=False),
        sa.Column("reached_id", Id(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_decisions_{column}"), ondelete=ondelete
            )
            for column, table, ondelete in (
                ("workspace_id", "workspaces", "CASCADE"),
                ("campaign_id", "campaigns", "CASCADE"),
                ("user_id", "users", "SET NULL"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index("ix_decisions_campaign_id_id", "decisions", ["campaign_id", "id"])
    op.create_index("ix_decisions_open", "decisions", ["id"], postgresql_where=OPEN, sqlite_where=OPEN)
    op.execute(
        "ALTER TABLE sending_limits ADD COLUMN give_up_after_hours INTEGER DEFAULT 72 NOT NULL"
        " CONSTRAINT ck_sending_limits_gives_up_in_time CHECK (give_up_after_hours BETWEEN 1 AND 720)"
    )


def downgrade() -> None:
    with op.batch_alter_table("sending_limits") as batch_op:
        batch_op.drop_constraint(op.f("ck_sending_limits_gives_up_in_time"), type_="check")
        batch_op.drop_column("give_up_after_hours")
    op.drop_table("decisions")
