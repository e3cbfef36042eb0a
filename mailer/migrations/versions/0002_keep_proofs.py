"""Let the database itself keep proofs of consent: they are never changed, and stay while their subscriber does."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQLITE = (
    """CREATE TRIGGER consent_records_keep BEFORE UPDATE ON consent_records
    BEGIN SELECT RAISE(ABORT, 'consent records are never changed'); END""",
    """CREATE TRIGGER consent_records_stay BEFORE DELETE ON consent_records
    WHEN EXISTS (SELECT 1 FROM workspaces w JOIN subscribers s ON s.workspace_id = w.id
                 WHERE w.id = OLD.workspace_id AND s.id = OLD.subscriber_id AND NOT w.is_demo)
    BEGIN SELECT RAISE(ABORT, 'consent records are never deleted'); END""",
)
POSTGRESQL = (
    """CREATE FUNCTION mailer_keep_proofs() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            RAISE EXCEPTION 'consent records are never changed';
        END IF;
        IF EXISTS (SELECT 1 FROM workspaces w JOIN subscribers s ON s.workspace_id = w.id
                   WHERE w.id = OLD.workspace_id AND s.id = OLD.subscriber_id AND NOT w.is_demo) THEN
            RAISE EXCEPTION 'consent records are never deleted';
        END IF;
        RETURN OLD;
    END $$""",
    """CREATE TRIGGER consent_records_keep BEFORE UPDATE OR DELETE ON consent_records
    FOR EACH ROW EXECUTE FUNCTION mailer_keep_proofs()""",
)


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER consent_records_keep")
        op.execute("DROP TRIGGER consent_records_stay")
    else:
        op.execute("DROP TRIGGER consent_records_keep ON consent_records")
        op.execute("DROP FUNCTION mailer_keep_proofs()")
