"""Keep the domains that a workspace sends from, and the keys that sign their mail."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SIGNS = sa.text("activated_at IS NOT NULL AND replaced_at IS NULL AND retired_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "sending_domains",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("is_signing", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_sending_domains_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sending_domains")),
        sa.UniqueConstraint("workspace_id", "domain", name=op.f("uq_sending_domains_workspace_id_domain")),
    )
    op.create_table(
        "dkim_keys",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sending_domain_id", Id(), nullable=False),
        sa.Column(
            "algorithm",
            sa.Enum("rsa", "ed25519", name="algorithm", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("selector", sa.String(length=63), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("private_key_encrypted", sa.Text(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.Column("activated_at", UtcDateTime(), nullable=True),
        sa.Column("replaced_at", UtcDateTime(), nullable=True),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["sending_domain_id"],
            ["sending_domains.id"],
            name=op.f("fk_dkim_keys_sending_domain_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dkim_keys")),
        sa.UniqueConstraint(
            "sending_domain_id", "selector", name=op.f("uq_dkim_keys_sending_domain_id_selector")
        ),
    )
    op.create_index(
        "uq_dkim_keys_active",
        "dkim_keys",
        ["sending_domain_id", "algorithm"],
        unique=True,
        postgresql_where=SIGNS,
        sqlite_where=SIGNS,
    )


def downgrade() -> None:
    op.drop_table("dkim_keys")
    op.drop_table("sending_domains")
