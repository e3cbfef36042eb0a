"""Change many subscribers at once: the changes, and whom each changed."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, Json, UtcDateTime

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_KINDS = "'tag', 'untag', 'subscribe', 'unsubscribe', 'set_field', 'suppress', 'erase'"
_STATUSES = "'running', 'finished', 'cancelled', 'failed', 'undoing', 'undone'"


def upgrade() -> None:
    op.create_table(
        "bulk_changes",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("created_by_id", Id(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("selection", Json, nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        *(
            sa.Column(f"{name}_count", sa.Integer(), nullable=False)
            for name in ("total", "done", "changed", "undone")
        ),
        sa.Column("after_id", Id(), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=False),
        sa.Column("touched_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_bulk_changes_changekind")),
        sa.CheckConstraint(f"status IN ({_STATUSES})", name=op.f("ck_bulk_changes_changestatus")),
        _belongs("bulk_changes", "workspace_id", "workspaces.id"),
        _belongs("bulk_changes", "created_by_id", "users.id", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_changes")),
    )
    op.create_index("ix_bulk_changes_workspace_id_id", "bulk_changes", ["workspace_id", "id"])
    at_work = sa.text("status IN ('running', 'undoing')")
    op.create_index(
        "ix_bulk_changes_at_work",
        "bulk_changes",
        ["touched_at"],
        postgresql_where=at_work,
        sqlite_where=at_work,
    )
    op.create_table(
        "changed_subscribers",
        sa.Column("bulk_change_id", Id(), nullable=False),
        sa.Column("subscriber_id", Id(), nullable=False),
        sa.Column("before", Json, nullable=False),
        _belongs("changed_subscribers", "bulk_change_id", "bulk_changes.id"),
        _belongs("changed_subscribers", "subscriber_id", "subscribers.id"),
        sa.PrimaryKeyConstraint("bulk_change_id", "subscriber_id", name=op.f("pk_changed_subscribers")),
    )
    op.create_index("ix_changed_subscribers_subscriber_id", "changed_subscribers", ["subscriber_id"])


def downgrade() -> None:
    op.drop_table("changed_subscribers")
    op.drop_table("bulk_changes")


def _belongs(table: str, column: str, target: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)
