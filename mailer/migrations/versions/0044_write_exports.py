"""Let workers write exports: each with how far it is, and until when its file is kept."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, Json, UtcDateTime

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_KINDS = "'subscribers', 'suppressions'"
_FORMATS = "'csv', 'jsonl'"
_STATUSES = "'running', 'finished', 'failed', 'expired'"


def upgrade() -> None:
    op.create_table(
        "exports",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("created_by_id", Id(), nullable=True),
        *(sa.Column(name, sa.String(length=32), nullable=False) for name in ("kind", "format")),
        sa.Column("selection", Json, nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        *(sa.Column(f"{name}_count", sa.Integer(), nullable=False) for name in ("total", "done")),
        sa.Column("byte_count", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=False),
        sa.Column("run_id", Id(), nullable=True),
        sa.Column("touched_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_exports_exportkind")),
        sa.CheckConstraint(f"format IN ({_FORMATS})", name=op.f("ck_exports_exportformat")),
        sa.CheckConstraint(f"status IN ({_STATUSES})", name=op.f("ck_exports_exportstatus")),
        _belongs("workspace_id", "workspaces.id", "CASCADE"),
        _belongs("created_by_id", "users.id", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index("ix_exports_workspace_id_id", "exports", ["workspace_id", "id"])
    to_sweep = sa.text("status IN ('running', 'finished')")
    op.create_index(
        "ix_exports_to_sweep",
        "exports",
        ["status", "touched_at"],
        postgresql_where=to_sweep,
        sqlite_where=to_sweep,
    )


def downgrade() -> None:
    op.drop_table("exports")


def _belongs(column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_exports_{column}"), ondelete=ondelete)
