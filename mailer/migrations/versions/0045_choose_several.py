"""Let a field hold several of some choices."""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

OLD_TYPES = ("text", "number", "date", "boolean", "choice", "url")


def upgrade() -> None:
    _allow(*OLD_TYPES, "choices")


def downgrade() -> None:
    op.execute("UPDATE fields SET type = 'text' WHERE type = 'choices'")
    _allow(*OLD_TYPES)


def _allow(*types: str) -> None:
    named = ", ".join(repr(value) for value in types)
    with op.batch_alter_table("fields") as batch_op:
        batch_op.drop_constraint(op.f("ck_fields_fieldtype"), type_="check")
        batch_op.create_check_constraint(op.f("ck_fields_fieldtype"), f"type IN ({named})")
