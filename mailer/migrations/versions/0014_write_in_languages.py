"""Write a campaign in several languages; send each reader theirs."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, Json, UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

FORMATS = ("design", "markdown", "mjml", "html")


def upgrade() -> None:
    op.create_table(
        "campaign_variants",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column("locale", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=998), nullable=False),
        sa.Column("preheader", sa.String(length=500), nullable=False),
        sa.Column(
            "format",
            sa.Enum(*FORMATS, name="format", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("design", Json, nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("template_id", Id(), nullable=True),
        sa.Column("message_id", Id(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(locale) > 0", name=op.f("ck_campaign_variants_has_locale")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_campaign_variants_{column}"), ondelete=ondelete
            )
            for column, table, ondelete in (
                ("campaign_id", "campaigns", "CASCADE"),
                ("template_id", "templates", "SET NULL"),
                ("message_id", "messages", None),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_variants")),
        sa.UniqueConstraint("campaign_id", "locale", name=op.f("uq_campaign_variants_campaign_id_locale")),
    )
    op.create_table(
        "run_messages",
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column("locale", sa.String(length=20), nullable=False),
        sa.Column("message_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["runs.campaign_id"],
            name=op.f("fk_run_messages_campaign_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_run_messages_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "locale", name=op.f("pk_run_messages")),
    )


def downgrade() -> None:
    op.drop_table("run_messages")
    op.drop_table("campaign_variants")
