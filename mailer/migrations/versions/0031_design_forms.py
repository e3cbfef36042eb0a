"""Design sign-up forms; allow an address few unasked mails; let people say how often, and why they left."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, Json, UtcDateTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_BEFORE = ("unsubscribed", "suppressed", "paused", "erased", "cancelled")
_CAPS = ("most_per_day", "most_per_week")


def upgrade() -> None:
    op.create_table(
        "forms",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("archived_at", UtcDateTime(), nullable=True),
        sa.Column("kiosk_pin", sa.String(length=200), nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_forms_has_name")),
        _owned_by("workspaces", "fk_forms_workspace_id", "workspace_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forms")),
    )
    op.create_index(op.f("ix_forms_workspace_id"), "forms", ["workspace_id"])
    op.create_table(
        "form_versions",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("form_id", Id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("design", Json, nullable=False),
        sa.Column("created_by_id", Id(), nullable=True),
        _owned_by("workspaces", "fk_form_versions_workspace_id", "workspace_id"),
        _owned_by("forms", "fk_form_versions_form_id", "form_id"),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_form_versions_created_by_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_versions")),
        sa.UniqueConstraint("form_id", "number", name=op.f("uq_form_versions_form_id_number")),
    )
    op.create_index(op.f("ix_form_versions_workspace_id"), "form_versions", ["workspace_id"])
    op.create_table(
        "sign_ups",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("form_id", Id(), nullable=True),
        sa.Column("subscriber_id", Id(), nullable=False),
        sa.Column("source", Json, nullable=False),
        sa.Column("place", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=True),
        _owned_by("workspaces", "fk_sign_ups_workspace_id", "workspace_id"),
        _owned_by("forms", "fk_sign_ups_form_id", "form_id"),
        _owned_by("subscribers", "fk_sign_ups_subscriber_id", "subscriber_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ups")),
        sa.UniqueConstraint("form_id", "key", name=op.f("uq_sign_ups_form_id_key")),
    )
    op.create_index("ix_sign_ups_form_id_id", "sign_ups", ["form_id", "id"])
    op.create_index(op.f("ix_sign_ups_subscriber_id"), "sign_ups", ["subscriber_id"])
    op.create_index(op.f("ix_sign_ups_workspace_id"), "sign_ups", ["workspace_id"])
    op.create_table(
        "mail_allowances",
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_mail_allowances")),
    )
    op.create_table(
        "leave_reasons",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("subscriber_id", Id(), nullable=False),
        sa.Column("delivery_id", Id(), nullable=True),
        sa.Column(
            "why",
            sa.Enum(
                *("too_many", "not_interesting", "never_asked", "badly_shown", "other"),
                name="why",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("words", sa.String(length=500), nullable=False),
        _owned_by("workspaces", "fk_leave_reasons_workspace_id", "workspace_id"),
        _owned_by("subscribers", "fk_leave_reasons_subscriber_id", "subscriber_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leave_reasons")),
    )
    op.create_index(op.f("ix_leave_reasons_subscriber_id"), "leave_reasons", ["subscriber_id"])
    op.create_index(op.f("ix_leave_reasons_workspace_id"), "leave_reasons", ["workspace_id"])
    op.add_column("subscribers", sa.Column("days_between", sa.Integer(), nullable=True))
    for name in _CAPS:
        op.add_column("mailing_lists", sa.Column(name, sa.Integer(), nullable=True))
    _let_deliveries_be_skipped_for(_BEFORE, (*_BEFORE, "frequency"))


def downgrade() -> None:
    op.execute(sa.text("UPDATE deliveries SET skip_reason = 'paused' WHERE skip_reason = 'frequency'"))
    _let_deliveries_be_skipped_for((*_BEFORE, "frequency"), _BEFORE)
    for name in _CAPS:
        op.execute(f"ALTER TABLE mailing_lists DROP COLUMN {name}")
    op.execute("ALTER TABLE subscribers DROP COLUMN days_between")
    for table in ("leave_reasons", "mail_allowances", "sign_ups", "form_versions", "forms"):
        op.drop_table(table)


def _owned_by(table: str, name: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(name), ondelete="CASCADE")


def _let_deliveries_be_skipped_for(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    """Change the reasons; on SQLite as ``0010`` does, since rows stay as they are."""
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_deliveries_skipreason"), "deliveries", type_="check")
        op.create_check_constraint(op.f("ck_deliveries_skipreason"), "deliveries", _one_of(new))
        return
    op.execute("PRAGMA writable_schema = ON")
    schema = sa.table("sqlite_master", sa.column("sql"), sa.column("type"), sa.column("name"))
    op.execute(
        schema.update()
        .where(schema.c.type == "table", schema.c.name == "deliveries")
        .values(sql=sa.func.replace(schema.c.sql, _one_of(old), _one_of(new)))
    )
    op.execute("PRAGMA writable_schema = RESET")


def _one_of(values: tuple[str, ...]) -> str:
    return "skip_reason IN ({})".format(", ".join(f"'{value}'" for value in values))
