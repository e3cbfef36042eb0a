"""Send single messages for programs: their log, their files, streams, and how long all of it is kept."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, Json, UtcDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

SOURCES = ("api", "smtp", "resend", "postmark", "sendgrid", "person")
ALONE = sa.text("campaign_id IS NULL")
OF_MESSAGES = ("stream", "is_literal", "is_tracked", "mailboxes", "headers", "attachment_count")


def upgrade() -> None:
    with op.batch_alter_table("messages") as batch:
        batch.add_column(sa.Column("stream", sa.String(length=40), nullable=False, server_default=""))
        batch.add_column(sa.Column("is_literal", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("is_tracked", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("mailboxes", Json, nullable=True))
        batch.add_column(sa.Column("headers", Json, nullable=True))
        batch.add_column(sa.Column("attachment_count", sa.Integer(), nullable=False, server_default="0"))
    for name, columns in (
        ("ix_deliveries_alone_message_id", ["message_id"]),
        ("ix_deliveries_alone_email", ["workspace_id", "email"]),
    ):
        op.create_index(name, "deliveries", columns, postgresql_where=ALONE, sqlite_where=ALONE)
    op.create_table(
        "attachments",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("message_id", Id(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=130), nullable=False),
        sa.Column("content_id", sa.String(length=120), nullable=False),
        sa.Column("byte_count", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_attachments_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    op.create_index("ix_attachments_message_id", "attachments", ["message_id"])
    op.create_table(
        "transactional_messages",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(*SOURCES, name="source", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("to", Json, nullable=False),
        sa.Column("cc", Json, nullable=False),
        sa.Column("bcc", Json, nullable=False),
        sa.Column("template_id", Id(), nullable=True),
        sa.Column("template_version", sa.Integer(), nullable=True),
        sa.Column("scheduled_at", UtcDateTime(), nullable=True),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.Column("redacted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["messages.id"], name=op.f("fk_transactional_messages_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_transactional_messages_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["templates.id"],
            name=op.f("fk_transactional_messages_template_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transactional_messages")),
    )
    op.create_index(
        "ix_transactional_messages_workspace_id_id", "transactional_messages", ["workspace_id", "id"]
    )
    op.create_index(
        "ix_transactional_messages_workspace_id_stream_id",
        "transactional_messages",
        ["workspace_id", "stream", "id"],
    )
    for name, columns, where in (
        ("ix_transactional_messages_template_id", ["template_id", "id"], "template_id IS NOT NULL"),
        ("ix_transactional_messages_unredacted", ["workspace_id", "id"], "redacted_at IS NULL"),
    ):
        op.create_index(
            name,
            "transactional_messages",
            columns,
            postgresql_where=sa.text(where),
            sqlite_where=sa.text(where),
        )
    op.create_table(
        "transactional_tags",
        sa.Column("message_id", Id(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["transactional_messages.id"],
            name=op.f("fk_transactional_tags_message_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_transactional_tags_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", "name", name=op.f("pk_transactional_tags")),
    )
    op.create_index(
        "ix_transactional_tags_workspace_id_name",
        "transactional_tags",
        ["workspace_id", "name", "message_id"],
    )
    op.create_table(
        "template_uses",
        sa.Column("template_id", Id(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("alias", sa.String(length=80), nullable=True),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_id"], ["templates.id"], name=op.f("fk_template_uses_template_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_template_uses_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("template_id", name=op.f("pk_template_uses")),
        sa.UniqueConstraint("workspace_id", "alias", name=op.f("uq_template_uses_workspace_id_alias")),
    )
    op.create_table(
        "log_retentions",
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("content_days", sa.Integer(), nullable=False),
        sa.Column("entry_days", sa.Integer(), nullable=False),
        sa.CheckConstraint("content_days BETWEEN 0 AND 3650", name=op.f("ck_log_retentions_forgets_content")),
        sa.CheckConstraint(
            "entry_days BETWEEN 1 AND 3650 AND entry_days >= content_days",
            name=op.f("ck_log_retentions_forgets_entries"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_log_retentions_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_log_retentions")),
    )
    op.create_table(
        "stream_suppressions",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("email_key", sa.String(length=320), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                *("hard_bounce", "complaint", "unsubscribed", "manual", "imported"),
                name="suppressionreason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_stream_suppressions_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stream_suppressions")),
        sa.UniqueConstraint(
            "workspace_id",
            "email_key",
            "stream",
            name=op.f("uq_stream_suppressions_workspace_id_email_key_stream"),
        ),
    )


def downgrade() -> None:
    for table in (
        "stream_suppressions",
        "log_retentions",
        "template_uses",
        "transactional_tags",
        "transactional_messages",
        "attachments",
    ):
        op.drop_table(table)
    for index in ("ix_deliveries_alone_email", "ix_deliveries_alone_message_id"):
        op.drop_index(index, "deliveries")
    with op.batch_alter_table("messages") as batch:
        for column in OF_MESSAGES:
            batch.drop_column(column)
