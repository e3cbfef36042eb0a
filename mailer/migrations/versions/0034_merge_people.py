"""Merge two people: where former addresses came from, and of what a consent record is a copy."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_COPIED = ("original_id", "original_subscriber_id")
#: What a record says for good: everything but address, user agent and salt.
_LASTING = (
    *("id", "created_at", "workspace_id", "subscriber_id", "list_id", "act", "via", "words_hash", "locale"),
    *("actor_id", "delivery_id", "origin", "form_version_id"),
)


def upgrade() -> None:
    op.add_column("address_changes", sa.Column("merged_from_id", Id(), nullable=True))
    op.create_index("ix_address_changes_merged_from_id", "address_changes", ["merged_from_id"])
    for name in _COPIED:
        op.add_column("consent_records", sa.Column(name, Id(), nullable=True))
    _keep((*_LASTING, *_COPIED))


def downgrade() -> None:
    _keep(_LASTING)
    for name in _COPIED:
        op.execute(f"ALTER TABLE consent_records DROP COLUMN {name}")
    op.drop_index("ix_address_changes_merged_from_id", "address_changes")
    op.execute("ALTER TABLE address_changes DROP COLUMN merged_from_id")


def _keep(lasting: tuple[str, ...]) -> None:
    """Have SQLite refuse changes of these columns; PostgreSQL's function compares whole rows."""
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute("DROP TRIGGER consent_records_keep")
    op.execute(
        "CREATE TRIGGER consent_records_keep BEFORE UPDATE ON consent_records"
        " WHEN NOT (OLD.origin IS NOT NULL AND NEW.ip = '' AND NEW.user_agent = '' AND NEW.salt = ''"
        f" AND {' AND '.join(f'NEW.{name} IS OLD.{name}' for name in lasting)})"
        " BEGIN SELECT RAISE(ABORT, 'consent records are never changed'); END"
    )
