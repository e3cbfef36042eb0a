"""Lay the first tables."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, Json, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "heartbeats",
        sa.Column("id", Id(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("queues", Json, nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "installation",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_installation")),
    )
    op.create_table(
        "users",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column("tf_primary_method", sa.String(length=64), nullable=True),
        sa.Column("tf_totp_secret", sa.String(length=255), nullable=True),
        sa.Column("mf_recovery_codes", Json, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_users_fs_uniquifier")),
    )
    op.create_table(
        "workspaces",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=20), nullable=False),
        sa.Column("postal_address", sa.String(length=300), nullable=False),
        sa.Column("accent_color", sa.String(length=7), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.CheckConstraint("accent_color LIKE '#______'", name=op.f("ck_workspaces_accent_is_hex")),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_workspaces_has_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspaces")),
        sa.UniqueConstraint("slug", name=op.f("uq_workspaces_slug")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "scope",
            sa.Enum(
                "all", "sending", "read", name="scope", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("hint", sa.String(length=16), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_by_id", Id(), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_api_keys_created_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_api_keys_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_keys_secret_hash")),
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_keys_workspace_id"), ["workspace_id"], unique=False)

    op.create_table(
        "audience_days",
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("erased", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_audience_days_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "day", name=op.f("pk_audience_days")),
    )
    op.create_table(
        "fields",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "text",
                "number",
                "date",
                "boolean",
                "choice",
                name="fieldtype",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("choices", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_fields_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fields")),
        sa.UniqueConstraint("workspace_id", "key", name=op.f("uq_fields_workspace_id_key")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("key", sa.String(length=256), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_idempotency_keys_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("workspace_id", "key", name=op.f("uq_idempotency_keys_workspace_id_key")),
    )
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.create_index("ix_idempotency_keys_created_at", ["created_at"], unique=False)

    op.create_table(
        "imports",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("created_by_id", Id(), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("stored_as", sa.String(length=80), nullable=False),
        sa.Column("encoding", sa.String(length=20), nullable=False),
        sa.Column("delimiter", sa.String(length=1), nullable=False),
        sa.Column("headings", Json, nullable=False),
        sa.Column("mapping", Json, nullable=False),
        sa.Column("list_ids", Json, nullable=False),
        sa.Column("tag_names", Json, nullable=False),
        sa.Column(
            "existing",
            sa.Enum(
                "fill",
                "overwrite",
                "keep",
                name="existing",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("consent_basis", sa.String(length=500), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "mapping",
                "running",
                "finished",
                "cancelled",
                "failed",
                name="importstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("done_count", sa.Integer(), nullable=False),
        sa.Column("added_count", sa.Integer(), nullable=False),
        sa.Column("updated_count", sa.Integer(), nullable=False),
        sa.Column("unchanged_count", sa.Integer(), nullable=False),
        sa.Column("refused_count", sa.Integer(), nullable=False),
        sa.Column("subscribed_count", sa.Integer(), nullable=False),
        sa.Column("left_before_count", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("touched_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_imports_created_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_imports_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.create_index(
            "ix_imports_running",
            ["touched_at"],
            unique=False,
            postgresql_where=sa.text("status = 'running'"),
            sqlite_where=sa.text("status = 'running'"),
        )
        batch_op.create_index("ix_imports_workspace_id_id", ["workspace_id", "id"], unique=False)

    op.create_table(
        "invitations",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "viewer",
                "editor",
                "admin",
                "owner",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("invited_by_id", Id(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["invited_by_id"], ["users.id"], name=op.f("fk_invitations_invited_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_invitations_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitations_workspace_id"), ["workspace_id"], unique=False)

    op.create_table(
        "lifted_suppressions",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column(
            "email_key",
            sa.String(length=320).with_variant(sa.String(length=320, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.Enum(
                "hard_bounce",
                "complaint",
                "unsubscribed",
                "manual",
                "imported",
                name="suppressionreason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.Column("suppressed_at", UtcDateTime(), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("actor_id", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["users.id"], name=op.f("fk_lifted_suppressions_actor_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_lifted_suppressions_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lifted_suppressions")),
    )
    with op.batch_alter_table("lifted_suppressions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_lifted_suppressions_workspace_id"), ["workspace_id"], unique=False
        )

    op.create_table(
        "mailing_lists",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column(
            "opt_in",
            sa.Enum("single", "double", name="optin", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "visibility",
            sa.Enum(
                "public", "private", name="visibility", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("consent_words", sa.String(length=1000), nullable=False),
        sa.Column("welcome_subject", sa.String(length=200), nullable=False),
        sa.Column("welcome_body", sa.Text(), nullable=False),
        sa.Column("archived_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_mailing_lists_has_name")),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_mailing_lists_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailing_lists")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_mailing_lists_workspace_id_name")),
    )
    op.create_table(
        "memberships",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "viewer",
                "editor",
                "admin",
                "owner",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_memberships_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_memberships_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint("workspace_id", "user_id", name=op.f("uq_memberships_workspace_id_user_id")),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_memberships_user_id"), ["user_id"], unique=False)

    op.create_table(
        "messages",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "campaign",
                "transactional",
                "system",
                name="messagekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("from_name", sa.String(length=120), nullable=False),
        sa.Column("from_email", sa.String(length=320), nullable=False),
        sa.Column("reply_to", sa.String(length=320), nullable=False),
        sa.Column("subject", sa.String(length=998), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("links", Json, nullable=False),
        sa.Column("values", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_messages_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_messages_workspace_id"), ["workspace_id"], unique=False)

    op.create_table(
        "senders",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("reply_to", sa.String(length=320), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_senders_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_senders")),
        sa.UniqueConstraint("workspace_id", "email", "name", name=op.f("uq_senders_workspace_id_email_name")),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column(
            "email_key",
            sa.String(length=320).with_variant(sa.String(length=320, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "name_key",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            sa.Computed("lower(name)", persisted=True),
            nullable=False,
        ),
        sa.Column("locale", sa.String(length=20), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("fields", Json, nullable=False),
        sa.Column("paused_until", UtcDateTime(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("email_key LIKE '%_@_%'", name=op.f("ck_subscribers_email_key_is_address")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_subscribers_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("workspace_id", "email_key", name=op.f("uq_subscribers_workspace_id_email_key")),
    )
    with op.batch_alter_table("subscribers", schema=None) as batch_op:
        batch_op.create_index("ix_subscribers_workspace_id_id", ["workspace_id", "id"], unique=False)
        batch_op.create_index(
            "ix_subscribers_workspace_id_name_key", ["workspace_id", "name_key"], unique=False
        )

    op.create_table(
        "suppressions",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column(
            "email_key",
            sa.String(length=320).with_variant(sa.String(length=320, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.Enum(
                "hard_bounce",
                "complaint",
                "unsubscribed",
                "manual",
                "imported",
                name="suppressionreason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.Column("actor_id", Id(), nullable=True),
        sa.Column("delivery_id", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["users.id"], name=op.f("fk_suppressions_actor_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_suppressions_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
        sa.UniqueConstraint("workspace_id", "email_key", name=op.f("uq_suppressions_workspace_id_email_key")),
    )
    with op.batch_alter_table("suppressions", schema=None) as batch_op:
        batch_op.create_index("ix_suppressions_workspace_id_id", ["workspace_id", "id"], unique=False)

    op.create_table(
        "tags",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_tags_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_tags_workspace_id_name")),
    )
    op.create_table(
        "templates",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("archived_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_templates_has_name")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_templates_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_templates")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_templates_workspace_id_name")),
    )
    op.create_table(
        "transports",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column(
            "tls",
            sa.Enum(
                "off",
                "opportunistic",
                "required",
                "verify",
                name="tls",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("user", sa.String(length=255), nullable=False),
        sa.Column("password_encrypted", sa.Text(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("port BETWEEN 1 AND 65535", name=op.f("ck_transports_port_in_range")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_transports_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transports")),
        sa.UniqueConstraint("workspace_id", name=op.f("uq_transports_workspace_id")),
    )
    op.create_table(
        "campaigns",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=998), nullable=False),
        sa.Column("preheader", sa.String(length=500), nullable=False),
        sa.Column("from_name", sa.String(length=120), nullable=False),
        sa.Column("from_email", sa.String(length=320), nullable=False),
        sa.Column("reply_to", sa.String(length=320), nullable=False),
        sa.Column(
            "format",
            sa.Enum("markdown", "html", name="format", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("template_id", Id(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "scheduled",
                "sending",
                "paused",
                "finished",
                "cancelled",
                name="campaignstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("scheduled_at", UtcDateTime(), nullable=True),
        sa.Column("launched_at", UtcDateTime(), nullable=True),
        sa.Column("prepared_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("pause_reason", sa.String(length=500), nullable=False),
        sa.Column("message_id", Id(), nullable=True),
        sa.Column("created_by_id", Id(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "status <> 'scheduled' OR scheduled_at IS NOT NULL", name=op.f("ck_campaigns_scheduled_has_time")
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'scheduled') OR message_id IS NOT NULL",
            name=op.f("ck_campaigns_launched_has_message"),
        ),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_campaigns_has_name")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_campaigns_created_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_campaigns_message_id")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["templates.id"], name=op.f("fk_campaigns_template_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_campaigns_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.create_index("ix_campaigns_status_scheduled_at", ["status", "scheduled_at"], unique=False)
        batch_op.create_index("ix_campaigns_workspace_id_id", ["workspace_id", "id"], unique=False)

    op.create_table(
        "consent_records",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("subscriber_id", Id(), nullable=False),
        sa.Column("list_id", Id(), nullable=True),
        sa.Column(
            "act",
            sa.Enum(
                "requested",
                "subscribed",
                "confirmed",
                "unsubscribed",
                "paused",
                "resumed",
                name="act",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "via",
            sa.Enum(
                "signup_page",
                "confirmation_page",
                "preference_page",
                "link",
                "one_click",
                "import",
                "staff",
                "api",
                "complaint",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.Column("locale", sa.String(length=20), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.Column("actor_id", Id(), nullable=True),
        sa.Column("delivery_id", Id(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_consent_records_actor_id")),
        sa.ForeignKeyConstraint(
            ["list_id"], ["mailing_lists.id"], name=op.f("fk_consent_records_list_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_consent_records_subscriber_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_consent_records_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_records")),
    )
    with op.batch_alter_table("consent_records", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_records_subscriber_id"), ["subscriber_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consent_records_workspace_id"), ["workspace_id"], unique=False)

    op.create_table(
        "import_refusals",
        sa.Column("import_id", Id(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("cells", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_refusals_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "row_number", name=op.f("pk_import_refusals")),
    )
    op.create_table(
        "list_days",
        sa.Column("list_id", Id(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("joined", sa.Integer(), nullable=False),
        sa.Column("departed", sa.Integer(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.Column("unsubscribed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["mailing_lists.id"], name=op.f("fk_list_days_list_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("list_id", "day", name=op.f("pk_list_days")),
    )
    op.create_table(
        "subscriber_tags",
        sa.Column("subscriber_id", Id(), nullable=False),
        sa.Column("tag_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_subscriber_tags_subscriber_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tags.id"], name=op.f("fk_subscriber_tags_tag_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "tag_id", name=op.f("pk_subscriber_tags")),
    )
    with op.batch_alter_table("subscriber_tags", schema=None) as batch_op:
        batch_op.create_index(
            "ix_subscriber_tags_tag_id_subscriber_id", ["tag_id", "subscriber_id"], unique=False
        )

    op.create_table(
        "subscriptions",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("list_id", Id(), nullable=False),
        sa.Column("subscriber_id", Id(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "active",
                "unsubscribed",
                name="subscriptionstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("confirmation_sent_at", UtcDateTime(), nullable=True),
        sa.Column("mail_due_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "status <> 'active' OR started_at IS NOT NULL", name=op.f("ck_subscriptions_active_has_start")
        ),
        sa.CheckConstraint(
            "status <> 'unsubscribed' OR ended_at IS NOT NULL",
            name=op.f("ck_subscriptions_unsubscribed_has_end"),
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["mailing_lists.id"], name=op.f("fk_subscriptions_list_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_subscriptions_subscriber_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_subscriptions_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("list_id", "subscriber_id", name=op.f("uq_subscriptions_list_id_subscriber_id")),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_subscriptions_list_id_status_subscriber_id",
            ["list_id", "status", "subscriber_id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_subscriptions_mail_due_at",
            ["mail_due_at"],
            unique=False,
            postgresql_where=sa.text("mail_due_at IS NOT NULL"),
            sqlite_where=sa.text("mail_due_at IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_subscriptions_subscriber_id"), ["subscriber_id"], unique=False)
        batch_op.create_index(
            "ix_subscriptions_workspace_id_status_subscriber_id",
            ["workspace_id", "status", "subscriber_id"],
            unique=False,
        )

    op.create_table(
        "campaign_lists",
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column("list_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_lists_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["mailing_lists.id"], name=op.f("fk_campaign_lists_list_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "list_id", name=op.f("pk_campaign_lists")),
    )
    with op.batch_alter_table("campaign_lists", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_lists_list_id"), ["list_id"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("message_id", Id(), nullable=False),
        sa.Column("campaign_id", Id(), nullable=True),
        sa.Column("subscriber_id", Id(), nullable=True),
        sa.Column("list_id", Id(), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("values", Json, nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "prepared",
                "claimed",
                "held",
                "in_doubt",
                "accepted",
                "rejected",
                "skipped",
                name="deliverystate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "skip_reason",
            sa.Enum(
                "unsubscribed",
                "suppressed",
                "paused",
                "erased",
                "cancelled",
                name="skipreason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=80), nullable=True),
        sa.Column("crash_count", sa.Integer(), nullable=False),
        sa.Column("lease_expires_at", UtcDateTime(), nullable=True),
        sa.Column("first_tried_at", UtcDateTime(), nullable=True),
        sa.Column("next_try_at", UtcDateTime(), nullable=True),
        sa.Column("reply", sa.String(length=500), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("clicked_at", UtcDateTime(), nullable=True),
        sa.Column("unsubscribed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(state = 'skipped') = (skip_reason IS NOT NULL)", name=op.f("ck_deliveries_skipped_has_reason")
        ),
        sa.CheckConstraint(
            "(state IN ('accepted', 'rejected', 'skipped')) = (ended_at IS NOT NULL)",
            name=op.f("ck_deliveries_ended_has_time"),
        ),
        sa.CheckConstraint(
            "state <> 'claimed' OR worker IS NOT NULL", name=op.f("ck_deliveries_claimed_has_worker")
        ),
        sa.CheckConstraint(
            "state <> 'prepared' OR next_try_at IS NOT NULL", name=op.f("ck_deliveries_prepared_has_time")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_deliveries_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["mailing_lists.id"], name=op.f("fk_deliveries_list_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_deliveries_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_deliveries_subscriber_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_deliveries_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "campaign_id", "subscriber_id", name=op.f("uq_deliveries_campaign_id_subscriber_id")
        ),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_deliveries_campaign_id_state_id", ["campaign_id", "state", "id"], unique=False
        )
        batch_op.create_index(
            "ix_deliveries_claimed",
            ["lease_expires_at"],
            unique=False,
            postgresql_where=sa.text("state = 'claimed'"),
            sqlite_where=sa.text("state = 'claimed'"),
        )
        batch_op.create_index(
            "ix_deliveries_due",
            ["campaign_id", "next_try_at", "id"],
            unique=False,
            postgresql_where=sa.text("state = 'prepared'"),
            sqlite_where=sa.text("state = 'prepared'"),
        )
        batch_op.create_index(
            "ix_deliveries_due_alone",
            ["next_try_at"],
            unique=False,
            postgresql_where=sa.text("state = 'prepared' AND campaign_id IS NULL"),
            sqlite_where=sa.text("state = 'prepared' AND campaign_id IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_deliveries_subscriber_id"), ["subscriber_id"], unique=False)
        batch_op.create_index(
            "ix_deliveries_worker",
            ["worker"],
            unique=False,
            postgresql_where=sa.text("worker IS NOT NULL"),
            sqlite_where=sa.text("worker IS NOT NULL"),
        )
        batch_op.create_index("ix_deliveries_workspace_id_id", ["workspace_id", "id"], unique=False)

    op.create_table(
        "delivery_counts",
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "prepared",
                "claimed",
                "held",
                "in_doubt",
                "accepted",
                "rejected",
                "skipped",
                name="deliverystate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_delivery_counts_campaign_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "state", "reason", name=op.f("pk_delivery_counts")),
    )
    op.create_table(
        "hourly_activity",
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column(
            "activity",
            sa.Enum(
                "open",
                "click",
                "unsubscribe",
                name="activity",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("hour", UtcDateTime(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_hourly_activity_campaign_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "activity", "hour", name=op.f("pk_hourly_activity")),
    )
    op.create_table(
        "link_activity",
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column("link_number", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_link_activity_campaign_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "link_number", name=op.f("pk_link_activity")),
    )
    op.create_table(
        "runs",
        sa.Column("campaign_id", Id(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("message_id", Id(), nullable=False),
        sa.Column("list_ids", Json, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("prepare_pass", sa.Integer(), nullable=False),
        sa.Column("prepare_after", Id(), nullable=True),
        sa.Column("prepared_at", UtcDateTime(), nullable=True),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.Column("held_before", sa.Integer(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_runs_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_runs_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_runs_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_runs")),
    )
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_runs_under_way",
            ["campaign_id"],
            unique=False,
            postgresql_where=sa.text("ended_at IS NULL"),
            sqlite_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "attempts",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("delivery_id", Id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("reply", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_attempts_delivery_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_attempts_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempts_delivery_id"), ["delivery_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attempts_workspace_id"), ["workspace_id"], unique=False)

    op.create_table(
        "clicks",
        sa.Column("id", Id(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("campaign_id", Id(), nullable=True),
        sa.Column("delivery_id", Id(), nullable=False),
        sa.Column("link_number", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_clicks_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_clicks_delivery_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_clicks_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clicks")),
    )
    with op.batch_alter_table("clicks", schema=None) as batch_op:
        batch_op.create_index(
            "ix_clicks_campaign_id_link_number", ["campaign_id", "link_number", "delivery_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_clicks_delivery_id"), ["delivery_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_clicks_workspace_id"), ["workspace_id"], unique=False)

    op.create_table(
        "opens",
        sa.Column("id", Id(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("campaign_id", Id(), nullable=True),
        sa.Column("delivery_id", Id(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_opens_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_opens_delivery_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_opens_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opens")),
    )
    with op.batch_alter_table("opens", schema=None) as batch_op:
        batch_op.create_index("ix_opens_campaign_id_at", ["campaign_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_opens_delivery_id"), ["delivery_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_opens_workspace_id"), ["workspace_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("opens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opens_workspace_id"))
        batch_op.drop_index(batch_op.f("ix_opens_delivery_id"))
        batch_op.drop_index("ix_opens_campaign_id_at")

    op.drop_table("opens")
    with op.batch_alter_table("clicks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clicks_workspace_id"))
        batch_op.drop_index(batch_op.f("ix_clicks_delivery_id"))
        batch_op.drop_index("ix_clicks_campaign_id_link_number")

    op.drop_table("clicks")
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attempts_workspace_id"))
        batch_op.drop_index(batch_op.f("ix_attempts_delivery_id"))

    op.drop_table("attempts")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_runs_under_way",
            postgresql_where=sa.text("ended_at IS NULL"),
            sqlite_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("runs")
    op.drop_table("link_activity")
    op.drop_table("hourly_activity")
    op.drop_table("delivery_counts")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index("ix_deliveries_workspace_id_id")
        batch_op.drop_index(
            "ix_deliveries_worker",
            postgresql_where=sa.text("worker IS NOT NULL"),
            sqlite_where=sa.text("worker IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_deliveries_subscriber_id"))
        batch_op.drop_index(
            "ix_deliveries_due_alone",
            postgresql_where=sa.text("state = 'prepared' AND campaign_id IS NULL"),
            sqlite_where=sa.text("state = 'prepared' AND campaign_id IS NULL"),
        )
        batch_op.drop_index(
            "ix_deliveries_due",
            postgresql_where=sa.text("state = 'prepared'"),
            sqlite_where=sa.text("state = 'prepared'"),
        )
        batch_op.drop_index(
            "ix_deliveries_claimed",
            postgresql_where=sa.text("state = 'claimed'"),
            sqlite_where=sa.text("state = 'claimed'"),
        )
        batch_op.drop_index("ix_deliveries_campaign_id_state_id")

    op.drop_table("deliveries")
    with op.batch_alter_table("campaign_lists", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaign_lists_list_id"))

    op.drop_table("campaign_lists")
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.drop_index("ix_subscriptions_workspace_id_status_subscriber_id")
        batch_op.drop_index(batch_op.f("ix_subscriptions_subscriber_id"))
        batch_op.drop_index(
            "ix_subscriptions_mail_due_at",
            postgresql_where=sa.text("mail_due_at IS NOT NULL"),
            sqlite_where=sa.text("mail_due_at IS NOT NULL"),
        )
        batch_op.drop_index("ix_subscriptions_list_id_status_subscriber_id")

    op.drop_table("subscriptions")
    with op.batch_alter_table("subscriber_tags", schema=None) as batch_op:
        batch_op.drop_index("ix_subscriber_tags_tag_id_subscriber_id")

    op.drop_table("subscriber_tags")
    op.drop_table("list_days")
    op.drop_table("import_refusals")
    with op.batch_alter_table("consent_records", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_records_workspace_id"))
        batch_op.drop_index(batch_op.f("ix_consent_records_subscriber_id"))

    op.drop_table("consent_records")
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.drop_index("ix_campaigns_workspace_id_id")
        batch_op.drop_index("ix_campaigns_status_scheduled_at")

    op.drop_table("campaigns")
    op.drop_table("transports")
    op.drop_table("templates")
    op.drop_table("tags")
    with op.batch_alter_table("suppressions", schema=None) as batch_op:
        batch_op.drop_index("ix_suppressions_workspace_id_id")

    op.drop_table("suppressions")
    with op.batch_alter_table("subscribers", schema=None) as batch_op:
        batch_op.drop_index("ix_subscribers_workspace_id_name_key")
        batch_op.drop_index("ix_subscribers_workspace_id_id")

    op.drop_table("subscribers")
    op.drop_table("senders")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_messages_workspace_id"))

    op.drop_table("messages")
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_memberships_user_id"))

    op.drop_table("memberships")
    op.drop_table("mailing_lists")
    with op.batch_alter_table("lifted_suppressions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lifted_suppressions_workspace_id"))

    op.drop_table("lifted_suppressions")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitations_workspace_id"))

    op.drop_table("invitations")
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.drop_index("ix_imports_workspace_id_id")
        batch_op.drop_index(
            "ix_imports_running",
            postgresql_where=sa.text("status = 'running'"),
            sqlite_where=sa.text("status = 'running'"),
        )

    op.drop_table("imports")
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.drop_index("ix_idempotency_keys_created_at")

    op.drop_table("idempotency_keys")
    op.drop_table("fields")
    op.drop_table("audience_days")
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_keys_workspace_id"))

    op.drop_table("api_keys")
    op.drop_table("workspaces")
    op.drop_table("users")
    op.drop_table("installation")
    op.drop_table("heartbeats")
