"""Let fields be required, have a default, say who changes them, and hold web addresses."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

OLD_TYPES = ("text", "number", "date", "boolean", "choice")
EDITORS = ("asked", "person", "staff")


def upgrade() -> None:
    with op.batch_alter_table("fields") as batch_op:
        batch_op.drop_constraint(op.f("ck_fields_fieldtype"), type_="check")
        batch_op.create_check_constraint(op.f("ck_fields_fieldtype"), _one_of("type", *OLD_TYPES, "url"))
        batch_op.add_column(sa.Column("is_required", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(
            sa.Column("default_value", sa.String(length=500), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("editor", sa.String(length=32), nullable=False, server_default="asked"))
        batch_op.create_check_constraint(op.f("ck_fields_editor"), _one_of("editor", *EDITORS))


def downgrade() -> None:
    op.execute("UPDATE fields SET type = 'text' WHERE type = 'url'")
    with op.batch_alter_table("fields") as batch_op:
        batch_op.drop_constraint(op.f("ck_fields_editor"), type_="check")
        batch_op.drop_constraint(op.f("ck_fields_fieldtype"), type_="check")
        batch_op.create_check_constraint(op.f("ck_fields_fieldtype"), _one_of("type", *OLD_TYPES))
        for column in ("editor", "default_value", "is_required"):
            batch_op.drop_column(column)


def _one_of(column: str, *values: str) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
