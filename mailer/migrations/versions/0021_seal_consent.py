"""Chain consent records, so that nobody changes one unseen."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SQLITE = """CREATE TRIGGER consent_records_wait AFTER INSERT ON consent_records
    BEGIN INSERT INTO consent_unsealed (record_id) VALUES (NEW.id); END"""
POSTGRESQL = (
    """CREATE FUNCTION mailer_await_seals() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO consent_unsealed (record_id) SELECT id FROM after_rows; RETURN NULL; END $$""",
    """CREATE TRIGGER consent_records_wait AFTER INSERT ON consent_records
    REFERENCING NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION mailer_await_seals()""",
)


def upgrade() -> None:
    op.create_table(
        "consent_unsealed",
        sa.Column("record_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_consent_unsealed")),
    )
    op.create_table(
        "consent_seals",
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("subscriber_id", Id(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_consent_seals_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "number", name=op.f("pk_consent_seals")),
        sa.UniqueConstraint("record_id", name=op.f("uq_consent_seals_record_id")),
    )
    op.execute("INSERT INTO consent_unsealed (record_id) SELECT id FROM consent_records")
    for statement in (SQLITE,) if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER consent_records_wait")
    else:
        op.execute("DROP TRIGGER consent_records_wait ON consent_records")
        op.execute("DROP FUNCTION mailer_await_seals()")
    op.drop_table("consent_seals")
    op.drop_table("consent_unsealed")
