"""Keep the words of consent once, under their hash; let addresses be forgotten without breaking the chain."""

import hashlib

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

#: What a record says for good: everything but address, user agent and salt.
_LASTING = [
    "id",
    "created_at",
    "workspace_id",
    "subscriber_id",
    "list_id",
    "act",
    "via",
    "words_hash",
    "locale",
    "actor_id",
    "delivery_id",
    "origin",
    "form_version_id",
]
_IS_FORGETTING = "OLD.origin IS NOT NULL AND NEW.ip = '' AND NEW.user_agent = '' AND NEW.salt = ''"

SQLITE_BEFORE = """CREATE TRIGGER consent_records_keep BEFORE UPDATE ON consent_records
    BEGIN SELECT RAISE(ABORT, 'consent records are never changed'); END"""
SQLITE = (
    f"""CREATE TRIGGER consent_records_keep BEFORE UPDATE ON consent_records
    WHEN NOT ({_IS_FORGETTING} AND {" AND ".join(f"NEW.{name} IS OLD.{name}" for name in _LASTING)})
    BEGIN SELECT RAISE(ABORT, 'consent records are never changed'); END""",
    """CREATE TRIGGER consent_words_keep BEFORE UPDATE ON consent_words
    BEGIN SELECT RAISE(ABORT, 'words of consent are never changed'); END""",
    """CREATE TRIGGER consent_words_stay BEFORE DELETE ON consent_words
    WHEN EXISTS (SELECT 1 FROM workspaces w WHERE w.id = OLD.workspace_id AND NOT w.is_demo)
    BEGIN SELECT RAISE(ABORT, 'words of consent are never deleted'); END""",
)
_KEEP_PROOFS = """CREATE OR REPLACE FUNCTION mailer_keep_proofs() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            {allowed}
            RAISE EXCEPTION 'consent records are never changed';
        END IF;
        IF EXISTS (SELECT 1 FROM workspaces w JOIN subscribers s ON s.workspace_id = w.id
                   WHERE w.id = OLD.workspace_id AND s.id = OLD.subscriber_id AND NOT w.is_demo) THEN
            RAISE EXCEPTION 'consent records are never deleted';
        END IF;
        RETURN OLD;
    END $$"""
POSTGRESQL_BEFORE = _KEEP_PROOFS.format(allowed="")
POSTGRESQL = (
    _KEEP_PROOFS.format(
        allowed=f"""IF {_IS_FORGETTING} AND (to_jsonb(NEW) - ARRAY['ip', 'user_agent', 'salt'])
                = (to_jsonb(OLD) - ARRAY['ip', 'user_agent', 'salt']) THEN RETURN NEW; END IF;"""
    ),
    """CREATE FUNCTION mailer_keep_words() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            RAISE EXCEPTION 'words of consent are never changed';
        END IF;
        IF EXISTS (SELECT 1 FROM workspaces w WHERE w.id = OLD.workspace_id AND NOT w.is_demo) THEN
            RAISE EXCEPTION 'words of consent are never deleted';
        END IF;
        RETURN OLD;
    END $$""",
    """CREATE TRIGGER consent_words_keep BEFORE UPDATE OR DELETE ON consent_words
    FOR EACH ROW EXECUTE FUNCTION mailer_keep_words()""",
)


def upgrade() -> None:
    op.create_table(
        "consent_words",
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_consent_words_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "hash", name=op.f("pk_consent_words")),
    )
    op.create_table(
        "consent_policies",
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("address_detail", sa.String(length=32), nullable=False),
        sa.Column("address_days", sa.Integer(), nullable=True),
        sa.Column("most_per_day", sa.Integer(), nullable=True),
        sa.Column("most_per_week", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "address_detail IN ('full', 'network', 'none')", name=op.f("ck_consent_policies_addressdetail")
        ),
        sa.CheckConstraint("address_days > 0", name=op.f("ck_consent_policies_address_days_positive")),
        sa.CheckConstraint("most_per_day > 0", name=op.f("ck_consent_policies_most_per_day_positive")),
        sa.CheckConstraint("most_per_week > 0", name=op.f("ck_consent_policies_most_per_week_positive")),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_consent_policies_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_consent_policies")),
    )
    for column in (
        sa.Column("words_hash", sa.String(length=64), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=True),
        sa.Column("form_version_id", Id(), nullable=True),
    ):
        op.add_column("consent_records", column)
    is_sqlite = _open_the_ledger()
    hashed = _hash("words")
    op.execute(
        f"""INSERT INTO consent_words (workspace_id, hash, text)
        SELECT DISTINCT workspace_id, {hashed}, words FROM consent_records WHERE words <> ''"""  # noqa: S608
    )
    op.execute(f"UPDATE consent_records SET words_hash = {hashed} WHERE words <> ''")  # noqa: S608
    op.execute("ALTER TABLE consent_records DROP COLUMN words")
    _close_the_ledger(SQLITE if is_sqlite else POSTGRESQL)


def downgrade() -> None:
    op.add_column(
        "consent_records", sa.Column("words", sa.String(length=2000), nullable=False, server_default="")
    )
    if _open_the_ledger():
        op.execute("DROP TRIGGER consent_words_keep")
        op.execute("DROP TRIGGER consent_words_stay")
    else:
        op.execute("DROP TRIGGER consent_words_keep ON consent_words")
        op.execute("DROP FUNCTION mailer_keep_words()")
    op.execute(
        "UPDATE consent_records SET words = (SELECT substr(w.text, 1, 2000) FROM consent_words w"
        " WHERE w.workspace_id = consent_records.workspace_id AND w.hash = consent_records.words_hash)"
        " WHERE words_hash IS NOT NULL"
    )
    for name in ("words_hash", "salt", "origin", "form_version_id"):
        op.execute(f"ALTER TABLE consent_records DROP COLUMN {name}")
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    _close_the_ledger((SQLITE_BEFORE,) if is_sqlite else (POSTGRESQL_BEFORE,))
    op.drop_table("consent_policies")
    op.drop_table("consent_words")


def _open_the_ledger() -> bool:
    """Let this migration alone change records."""
    if op.get_bind().dialect.name == "sqlite":
        op.get_bind().connection.driver_connection.create_function(
            "mailer_sha256", 1, lambda words: hashlib.sha256(words.encode()).hexdigest(), deterministic=True
        )
        op.execute("DROP TRIGGER consent_records_keep")
        return True
    op.execute("ALTER TABLE consent_records DISABLE TRIGGER consent_records_keep")
    return False


def _close_the_ledger(statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.execute(statement)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("ALTER TABLE consent_records ENABLE TRIGGER consent_records_keep")


def _hash(column: str) -> str:
    if op.get_bind().dialect.name == "sqlite":
        return f"mailer_sha256({column})"
    return f"encode(sha256(convert_to({column}, 'UTF8')), 'hex')"
