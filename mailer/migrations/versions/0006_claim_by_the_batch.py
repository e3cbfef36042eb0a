"""Claim deliveries by the batch, write each row once, and tell senders at once when the gate's answer changes."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, Json, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_STATES = ("prepared", "held", "in_doubt", "accepted", "rejected", "skipped")
_REASONS = ("unsubscribed", "suppressed", "paused", "erased", "cancelled")
_ATTENTION = (
    "CASE WHEN state = 'prepared' THEN CASE WHEN next_try_at IS NOT NULL AND attempt > 0 THEN 'deferred' END "
    "WHEN state <> 'accepted' THEN state END"
)
#: What both shapes of the table have, in order.
_KEPT = (
    'id, created_at, workspace_id, message_id, campaign_id, subscriber_id, list_id, email, "values", '
    "skip_reason, crash_count, first_tried_at, reply, ended_at, opened_at, clicked_at, unsubscribed_at"
)
_COUNTED = (
    "INSERT INTO delivery_counts (campaign_id, state, reason, count) "
    "SELECT campaign_id, state, coalesce(skip_reason, ''), count(*) FROM deliveries "
    "WHERE campaign_id IS NOT NULL GROUP BY 1, 2, 3"
)

# Whoever sends must hear at once that somebody left, or that a campaign was stopped.
_WATCHED = (
    ("subscriptions", "UPDATE OF status", "OLD.status = 'active' AND NEW.status <> 'active'"),
    ("subscriptions", "DELETE", None),
    ("suppressions", "INSERT", None),
    ("subscribers", "UPDATE OF paused_until, email_key", None),
    ("subscribers", "DELETE", None),
    ("runs", "UPDATE OF stopped_at", "NEW.stopped_at IS NOT NULL"),
)


def upgrade() -> None:
    op.create_table(
        "batches",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("campaign_id", Id(), nullable=True),
        sa.Column("worker", sa.String(80), nullable=True),
        sa.Column("lease_expires_at", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(worker IS NULL) = (lease_expires_at IS NULL)", name=op.f("ck_batches_claimed_has_lease")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_batches_campaign_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    op.create_index("ix_batches_campaign_id_due_at", "batches", ["campaign_id", "due_at"])
    op.create_index("ix_batches_worker", "batches", ["worker"])
    # A worker that was stopped for the migration has settled its claims; one that was killed leaves doubt.
    op.execute(
        "UPDATE deliveries SET state = 'in_doubt', reply = 'The worker died before the update.', "
        "worker = NULL, lease_expires_at = NULL, next_try_at = NULL WHERE state = 'claimed'"
    )
    op.execute("UPDATE deliveries SET next_try_at = NULL WHERE state <> 'prepared'")
    op.execute("DELETE FROM delivery_counts")
    if _is_sqlite():
        _rebuild(_new_table("deliveries_new"), also="attempt, state, next_try_at")
        _rebuild_counts(_STATES)
    else:
        _alter_forward()
    for name, columns, where in (
        ("ix_deliveries_batch_id", ["batch_id"], None),
        ("ix_deliveries_campaign_id_id", ["campaign_id", "id"], None),
        ("ix_deliveries_due", ["campaign_id", "next_try_at"], "next_try_at IS NOT NULL"),
        ("ix_deliveries_attention", ["campaign_id", "attention", "id"], "attention IS NOT NULL"),
    ):
        _index(name, columns, where)
    op.execute(_COUNTED)
    _watch()


def downgrade() -> None:
    _watch_no_more()
    # Whatever is in a batch waits for itself again.
    op.execute("DELETE FROM delivery_counts")
    if _is_sqlite():
        op.execute(
            "UPDATE deliveries SET batch_id = NULL, next_try_at = created_at "
            "WHERE state = 'prepared' AND next_try_at IS NULL"
        )
        _rebuild(_old_table("deliveries_new"), also="attempt, state, next_try_at")
        _rebuild_counts(("prepared", "claimed", *_STATES[1:]))
    else:
        _alter_back()
    for name, columns, where in (
        ("ix_deliveries_campaign_id_state_id", ["campaign_id", "state", "id"], None),
        ("ix_deliveries_claimed", ["lease_expires_at"], "state = 'claimed'"),
        ("ix_deliveries_due", ["campaign_id", "next_try_at", "id"], "state = 'prepared'"),
        ("ix_deliveries_due_alone", ["next_try_at"], "state = 'prepared' AND campaign_id IS NULL"),
        ("ix_deliveries_subscriber_id", ["subscriber_id"], None),
        ("ix_deliveries_worker", ["worker"], "worker IS NOT NULL"),
        ("ix_deliveries_workspace_id_id", ["workspace_id", "id"], None),
    ):
        _index(name, columns, where)
    op.execute(_COUNTED)
    op.drop_table("batches")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _index(name: str, columns: list[str], where: str | None) -> None:
    condition = sa.text(where) if where else None
    op.create_index(name, "deliveries", columns, postgresql_where=condition, sqlite_where=condition)


def _enum(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _common_columns() -> list[sa.Column]:
    return [
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("message_id", Id(), nullable=False),
        sa.Column("campaign_id", Id(), nullable=True),
        sa.Column("subscriber_id", Id(), nullable=True),
        sa.Column("list_id", Id(), nullable=True),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("values", Json, nullable=True),
        sa.Column("skip_reason", _enum("skipreason", _REASONS), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("crash_count", sa.Integer(), nullable=False),
        sa.Column("first_tried_at", UtcDateTime(), nullable=True),
        sa.Column("next_try_at", UtcDateTime(), nullable=True),
        sa.Column("reply", sa.String(500), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("clicked_at", UtcDateTime(), nullable=True),
        sa.Column("unsubscribed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(state = 'skipped') = (skip_reason IS NOT NULL)", name=op.f("ck_deliveries_skipped_has_reason")
        ),
        sa.CheckConstraint(
            "(state IN ('accepted', 'rejected', 'skipped')) = (ended_at IS NOT NULL)",
            name=op.f("ck_deliveries_ended_has_time"),
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_deliveries_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_deliveries_subscriber_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    ]


def _new_table(name: str) -> sa.Table:
    return op.create_table(
        name,
        *_common_columns(),
        sa.Column("state", _enum("deliverystate", _STATES), nullable=False),
        sa.Column("batch_id", Id(), nullable=True),
        sa.Column("attention", sa.String(32), sa.Computed(_ATTENTION, persisted=True), nullable=True),
        sa.UniqueConstraint(
            "subscriber_id", "campaign_id", name=op.f("uq_deliveries_subscriber_id_campaign_id")
        ),
        sa.CheckConstraint(
            "state <> 'prepared' OR (batch_id IS NULL) <> (next_try_at IS NULL)",
            name=op.f("ck_deliveries_prepared_has_place"),
        ),
        sa.CheckConstraint(
            "state = 'prepared' OR next_try_at IS NULL", name=op.f("ck_deliveries_only_prepared_waits")
        ),
    )


def _old_table(name: str) -> sa.Table:
    return op.create_table(
        name,
        *_common_columns(),
        sa.Column("state", _enum("deliverystate", ("prepared", "claimed", *_STATES[1:])), nullable=False),
        sa.Column("worker", sa.String(80), nullable=True),
        sa.Column("lease_expires_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state <> 'claimed' OR worker IS NOT NULL", name=op.f("ck_deliveries_claimed_has_worker")
        ),
        sa.CheckConstraint(
            "state <> 'prepared' OR next_try_at IS NOT NULL", name=op.f("ck_deliveries_prepared_has_time")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_deliveries_{column}"), ondelete=then
            )
            for column, table, then in _OLD_KEYS
        ),
        sa.UniqueConstraint(
            "campaign_id", "subscriber_id", name=op.f("uq_deliveries_campaign_id_subscriber_id")
        ),
    )


_OLD_KEYS = (
    ("campaign_id", "campaigns", "CASCADE"),
    ("list_id", "mailing_lists", "SET NULL"),
    ("workspace_id", "workspaces", "CASCADE"),
)


def _rebuild(table: sa.Table, *, also: str) -> None:
    """Move the rows into a table of the new shape, which takes the old one's name (SQLite's own advice)."""
    columns = f"{_KEPT}, {also}"
    op.execute(f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM deliveries")  # noqa: S608
    op.drop_table("deliveries")
    op.rename_table(table.name, "deliveries")


def _rebuild_counts(states: tuple[str, ...]) -> None:
    op.drop_table("delivery_counts")
    op.create_table(
        "delivery_counts",
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column("state", _enum("deliverystate", states), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_delivery_counts_campaign_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "state", "reason", name=op.f("pk_delivery_counts")),
    )


def _alter_forward() -> None:
    for name in (
        "ix_deliveries_campaign_id_state_id",
        "ix_deliveries_claimed",
        "ix_deliveries_due",
        "ix_deliveries_due_alone",
        "ix_deliveries_subscriber_id",
        "ix_deliveries_worker",
        "ix_deliveries_workspace_id_id",
    ):
        op.drop_index(name, "deliveries")
    for name in ("ck_deliveries_claimed_has_worker", "ck_deliveries_prepared_has_time"):
        op.drop_constraint(name, "deliveries")
    for column, _, _ in _OLD_KEYS:
        op.drop_constraint(f"fk_deliveries_{column}", "deliveries")
    op.drop_constraint("uq_deliveries_campaign_id_subscriber_id", "deliveries")
    op.drop_column("deliveries", "worker")
    op.drop_column("deliveries", "lease_expires_at")
    op.add_column("deliveries", sa.Column("batch_id", Id(), nullable=True))
    op.add_column(
        "deliveries",
        sa.Column("attention", sa.String(32), sa.Computed(_ATTENTION, persisted=True), nullable=True),
    )
    op.create_unique_constraint(
        op.f("uq_deliveries_subscriber_id_campaign_id"), "deliveries", ["subscriber_id", "campaign_id"]
    )
    op.create_check_constraint(
        op.f("ck_deliveries_prepared_has_place"),
        "deliveries",
        "state <> 'prepared' OR (batch_id IS NULL) <> (next_try_at IS NULL)",
    )
    op.create_check_constraint(
        op.f("ck_deliveries_only_prepared_waits"), "deliveries", "state = 'prepared' OR next_try_at IS NULL"
    )
    _check_states(_STATES)
    # Room in each page for the second version of its rows, so that no index is touched by it.
    op.execute("ALTER TABLE deliveries SET (fillfactor = 50)")


def _alter_back() -> None:
    for name in (
        "ix_deliveries_attention",
        "ix_deliveries_due",
        "ix_deliveries_campaign_id_id",
        "ix_deliveries_batch_id",
    ):
        op.drop_index(name, "deliveries")
    for name in ("ck_deliveries_prepared_has_place", "ck_deliveries_only_prepared_waits"):
        op.drop_constraint(name, "deliveries")
    op.execute(
        "UPDATE deliveries SET next_try_at = created_at WHERE state = 'prepared' AND next_try_at IS NULL"
    )
    op.execute("ALTER TABLE deliveries RESET (fillfactor)")
    op.drop_constraint("uq_deliveries_subscriber_id_campaign_id", "deliveries")
    op.drop_column("deliveries", "attention")
    op.drop_column("deliveries", "batch_id")
    op.add_column("deliveries", sa.Column("worker", sa.String(80), nullable=True))
    op.add_column("deliveries", sa.Column("lease_expires_at", UtcDateTime(), nullable=True))
    _check_states(("prepared", "claimed", *_STATES[1:]))
    op.create_check_constraint(
        op.f("ck_deliveries_claimed_has_worker"), "deliveries", "state <> 'claimed' OR worker IS NOT NULL"
    )
    op.create_check_constraint(
        op.f("ck_deliveries_prepared_has_time"),
        "deliveries",
        "state <> 'prepared' OR next_try_at IS NOT NULL",
    )
    for column, table, then in _OLD_KEYS:
        op.create_foreign_key(
            op.f(f"fk_deliveries_{column}"), "deliveries", table, [column], ["id"], ondelete=then
        )
    op.create_unique_constraint(
        op.f("uq_deliveries_campaign_id_subscriber_id"), "deliveries", ["campaign_id", "subscriber_id"]
    )


def _check_states(states: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{state}'" for state in states)
    for table in ("deliveries", "delivery_counts"):
        name = op.f(f"ck_{table}_deliverystate")
        op.drop_constraint(name, table)
        op.create_check_constraint(name, table, f"state IN ({listed})")


def _watch() -> None:
    if _is_sqlite():
        op.create_table(
            "gate_changes",
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column("number", sa.Integer(), nullable=False),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_changes")),
        )
        op.execute("INSERT INTO gate_changes (id, number) VALUES (1, 0)")
    else:
        op.execute(
            "CREATE FUNCTION mailer_gate_changed() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN NOTIFY mailer_gate; RETURN NULL; END $$"
        )
    for number, (table, event, when) in enumerate(_WATCHED):
        condition = f" WHEN ({when})" if when else ""
        if _is_sqlite():
            then = "BEGIN UPDATE gate_changes SET number = number + 1 WHERE id = 1; END"
        else:
            then = "EXECUTE FUNCTION mailer_gate_changed()"
        op.execute(
            f"CREATE TRIGGER gate_changed_{number} AFTER {event} ON {table} FOR EACH ROW{condition} {then}"
        )


def _watch_no_more() -> None:
    for number, (table, _, _) in enumerate(_WATCHED):
        op.execute(f"DROP TRIGGER gate_changed_{number}" + ("" if _is_sqlite() else f" ON {table}"))
    if _is_sqlite():
        op.drop_table("gate_changes")
    else:
        op.execute("DROP FUNCTION mailer_gate_changed()")
