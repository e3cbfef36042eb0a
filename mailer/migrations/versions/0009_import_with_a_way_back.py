"""Remember what an import did, so that it can be forecast, paused and undone."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, Json, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OLD_STATUSES = ("mapping", "running", "finished", "cancelled", "failed")
STATUSES = ("checking", "checked", "paused", "undoing", "undone")
AT_WORK = sa.text("status IN ('checking', 'running', 'undoing')")
RUNNING = sa.text("status = 'running'")
BROUGHT = sa.text("import_id IS NOT NULL")
BROUGHT_TABLES = ("subscribers", "subscriptions", "suppressions")
COUNTS = ("departed_count", "undone_count", "resumed_count")


def _one_of(statuses: tuple[str, ...]) -> str:
    return f"status IN ({', '.join(repr(status) for status in statuses)})"


def upgrade() -> None:
    op.drop_index("ix_imports_running", "imports")
    with op.batch_alter_table("imports") as batch_op:
        batch_op.drop_constraint(op.f("ck_imports_importstatus"), type_="check")
        batch_op.create_check_constraint(op.f("ck_imports_importstatus"), _one_of((*OLD_STATUSES, *STATUSES)))
        batch_op.add_column(
            sa.Column("is_suppression_list", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("origin", sa.String(length=40), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("forecast", Json, nullable=False, server_default=sa.text("'{}'")))
        batch_op.add_column(sa.Column("resumed_at", UtcDateTime(), nullable=True))
        for name in COUNTS:
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.create_index(
        "ix_imports_at_work", "imports", ["touched_at"], postgresql_where=AT_WORK, sqlite_where=AT_WORK
    )
    op.execute("ALTER TABLE import_refusals ADD COLUMN kind VARCHAR(20) DEFAULT '' NOT NULL")
    # Rebuilding these would take their triggers away.
    kind = "BLOB" if op.get_bind().dialect.name == "sqlite" else "UUID"
    for table in BROUGHT_TABLES:
        op.execute(f"ALTER TABLE {table} ADD COLUMN import_id {kind}")
        op.create_index(
            f"ix_{table}_import_id", table, ["import_id"], postgresql_where=BROUGHT, sqlite_where=BROUGHT
        )
    op.create_table(
        "import_changes",
        sa.Column("import_id", Id(), nullable=False),
        sa.Column("subscriber_id", Id(), nullable=False),
        sa.Column("change", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_changes_import_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_import_changes_subscriber_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "subscriber_id", name=op.f("pk_import_changes")),
    )
    op.create_index(op.f("ix_import_changes_subscriber_id"), "import_changes", ["subscriber_id"])


def downgrade() -> None:
    op.drop_table("import_changes")
    for table in BROUGHT_TABLES:
        op.drop_index(f"ix_{table}_import_id", table)
        op.execute(f"ALTER TABLE {table} DROP COLUMN import_id")
    op.execute("ALTER TABLE import_refusals DROP COLUMN kind")
    op.drop_index("ix_imports_at_work", "imports")
    op.execute(
        "UPDATE imports SET status = 'cancelled'"
        " WHERE status IN ('checking', 'checked', 'paused', 'undoing', 'undone')"
    )
    with op.batch_alter_table("imports") as batch_op:
        batch_op.drop_constraint(op.f("ck_imports_importstatus"), type_="check")
        batch_op.create_check_constraint(op.f("ck_imports_importstatus"), _one_of(OLD_STATUSES))
        for name in ("is_suppression_list", "origin", "forecast", "resumed_at", *COUNTS):
            batch_op.drop_column(name)
    op.create_index(
        "ix_imports_running", "imports", ["touched_at"], postgresql_where=RUNNING, sqlite_where=RUNNING
    )
