"""Show drafts by links that expire, keep what is said about them; name addresses for tests."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, Json, UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def _belongs(table: str, column: str, to: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete
    )


def upgrade() -> None:
    op.create_table(
        "preview_links",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column("made_by_id", Id(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        _belongs("preview_links", "campaign_id", "campaigns", "CASCADE"),
        _belongs("preview_links", "made_by_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preview_links")),
    )
    op.create_index("ix_preview_links_campaign_id", "preview_links", ["campaign_id"])
    op.create_table(
        "campaign_comments",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column("preview_link_id", Id(), nullable=True),
        sa.Column("user_id", Id(), nullable=True),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("locale", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        _belongs("campaign_comments", "campaign_id", "campaigns", "CASCADE"),
        _belongs("campaign_comments", "preview_link_id", "preview_links", "SET NULL"),
        _belongs("campaign_comments", "user_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_comments")),
    )
    op.create_index("ix_campaign_comments_campaign_id", "campaign_comments", ["campaign_id"])
    op.create_index("ix_campaign_comments_preview_link_id", "campaign_comments", ["preview_link_id"])
    op.create_table(
        "test_groups",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("addresses", Json, nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_test_groups_has_name")),
        _belongs("test_groups", "workspace_id", "workspaces", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_groups")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_test_groups_workspace_id_name")),
    )


def downgrade() -> None:
    op.drop_table("test_groups")
    op.drop_table("campaign_comments")
    op.drop_table("preview_links")
