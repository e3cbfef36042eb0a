"""Let a workspace have several servers, limits, a warm-up and a share of the workers' time."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, Json, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TRANSPORT_COLUMNS = (
    ("name", sa.String(length=120), "''"),
    ("weight", sa.Integer(), "100"),
    ("is_enabled", sa.Boolean(), "true"),
    ("from_domains", Json, "'[]'"),
    ("connections", sa.Integer(), "8"),
    ("messages_per_connection", sa.Integer(), "1000"),
    ("per_second", sa.Double(), None),
)
RUN_COLUMNS = (
    ("weight", sa.Integer(), "100"),
    ("virtual_time", sa.Double(), "0"),
    ("waits_until", UtcDateTime(), None),
    ("wait_reason", sa.String(length=500), "''"),
)


def upgrade() -> None:
    with op.batch_alter_table("transports") as batch_op:
        for name, kind, default in TRANSPORT_COLUMNS:
            batch_op.add_column(_column(name, kind, default))
        batch_op.drop_constraint("uq_transports_workspace_id", type_="unique")
        batch_op.create_check_constraint(op.f("ck_transports_weight_in_range"), "weight BETWEEN 0 AND 100")
        batch_op.create_check_constraint(
            op.f("ck_transports_has_connections"), "connections > 0 AND messages_per_connection > 0"
        )
        batch_op.create_index(op.f("ix_transports_workspace_id"), ["workspace_id"])
    # One by one: SQLite would copy a table that others refer to, and drop their rows with it.
    for name, kind, default in RUN_COLUMNS:
        op.add_column("runs", _column(name, kind, default))
    op.execute(
        "ALTER TABLE campaigns ADD COLUMN priority VARCHAR(32) DEFAULT 'normal' NOT NULL"
        " CONSTRAINT ck_campaigns_priority CHECK (priority IN ('low', 'normal', 'high'))"
    )
    _create_tables()


def downgrade() -> None:
    for table in (
        "shares",
        "sent_hours",
        "sending_limits",
        "domain_limits",
        "learned_paces",
        "route_health",
    ):
        op.drop_table(table)
    op.drop_column("campaigns", "priority")
    for name, _, _ in RUN_COLUMNS:
        op.drop_column("runs", name)
    # There is room for one server: the one that most of the mail left by.
    op.execute(
        "DELETE FROM transports WHERE EXISTS (SELECT 1 FROM transports other"
        " WHERE other.workspace_id = transports.workspace_id"
        " AND (other.weight, other.id) > (transports.weight, transports.id))"
    )
    with op.batch_alter_table("transports") as batch_op:
        batch_op.drop_index(op.f("ix_transports_workspace_id"))
        batch_op.drop_constraint(op.f("ck_transports_has_connections"), type_="check")
        batch_op.drop_constraint(op.f("ck_transports_weight_in_range"), type_="check")
        batch_op.create_unique_constraint("uq_transports_workspace_id", ["workspace_id"])
        for name, _, _ in TRANSPORT_COLUMNS:
            batch_op.drop_column(name)


def _column(name: str, kind: sa.types.TypeEngine, default: str | None) -> sa.Column:
    server_default = None if default is None else sa.text(default)
    return sa.Column(name, kind, nullable=default is None, server_default=server_default)


def _create_tables() -> None:
    op.create_table(
        "route_health",
        sa.Column("route", sa.String(length=40), nullable=False),
        sa.Column("failure_count", sa.Integer(), nullable=False),
        sa.Column("failed_at", UtcDateTime(), nullable=False),
        sa.Column("probing_until", UtcDateTime(), nullable=True),
        sa.Column("reply", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("route", name=op.f("pk_route_health")),
    )
    op.create_table(
        "learned_paces",
        sa.Column("route", sa.String(length=40), nullable=False),
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("per_second", sa.Double(), nullable=False),
        sa.Column("concurrent", sa.Integer(), nullable=False),
        sa.Column("paused_until", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("route", "domain", name=op.f("pk_learned_paces")),
    )
    op.create_index(op.f("ix_learned_paces_changed_at"), "learned_paces", ["changed_at"])
    op.create_table(
        "domain_limits",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("domains", Json, nullable=False),
        sa.Column("per_second", sa.Double(), nullable=True),
        sa.Column("concurrent", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "per_second IS NOT NULL OR concurrent IS NOT NULL",
            name=op.f("ck_domain_limits_limits_something"),
        ),
        sa.CheckConstraint("per_second > 0 AND concurrent > 0", name=op.f("ck_domain_limits_is_positive")),
        _of_workspace("domain_limits"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domain_limits")),
    )
    op.create_index(op.f("ix_domain_limits_workspace_id"), "domain_limits", ["workspace_id"])
    op.create_table(
        "sending_limits",
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("per_hour", sa.Integer(), nullable=True),
        sa.Column("per_day", sa.Integer(), nullable=True),
        sa.Column("warm_up_starts_on", sa.Date(), nullable=True),
        sa.Column("warm_up_first", sa.Integer(), nullable=False),
        sa.Column("warm_up_factor", sa.Double(), nullable=False),
        sa.Column("warm_up_target", sa.Integer(), nullable=False),
        sa.CheckConstraint("per_hour > 0 AND per_day > 0", name=op.f("ck_sending_limits_caps_are_positive")),
        sa.CheckConstraint(
            "warm_up_first > 0 AND warm_up_target >= warm_up_first",
            name=op.f("ck_sending_limits_warms_up_from_low"),
        ),
        sa.CheckConstraint("warm_up_factor > 1", name=op.f("ck_sending_limits_warm_up_grows")),
        _of_workspace("sending_limits"),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_sending_limits")),
    )
    op.create_table(
        "sent_hours",
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("hour", UtcDateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        _of_workspace("sent_hours"),
        sa.PrimaryKeyConstraint("workspace_id", "hour", name=op.f("pk_sent_hours")),
    )
    op.create_table(
        "shares",
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("virtual_time", sa.Double(), nullable=False),
        sa.Column("batch_began", sa.Double(), nullable=False),
        sa.Column("runs_time", sa.Double(), nullable=False),
        sa.CheckConstraint("weight BETWEEN 1 AND 1000", name=op.f("ck_shares_weight_in_range")),
        _of_workspace("shares"),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_shares")),
    )


def _of_workspace(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id"],
        ["workspaces.id"],
        name=op.f(f"fk_{table}_workspace_id"),
        ondelete="CASCADE",
    )
