"""Keep what comes back, the rules for it, and the ways by which it comes."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KINDS = ("bounce", "delivered", "complaint", "auto_reply", "challenge", "unsubscribe", "reply", "other")
REASONS = (
    *("unknown_user", "unknown_host", "moved", "no_mail_here", "full", "disabled", "filtered", "too_large"),
    *(
        "rate",
        "spam",
        "virus",
        "content",
        "reputation",
        "authentication",
        "policy",
        "sender",
        "relay",
        "loop",
    ),
    *("expired", "network", "system", "unclear", "delivered"),
)
PROVIDERS = ("ses", "sendgrid", "mailgun", "postmark", "sparkpost", "brevo", "mailjet", "resend", "generic")


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _belongs(table: str, *columns: tuple[str, str, str]) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete
        )
        for column, other, ondelete in columns
    ]


def upgrade() -> None:
    op.add_column(
        "sending_domains", sa.Column("return_path", sa.String(length=253), server_default="", nullable=False)
    )
    op.create_table(
        "returns",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("campaign_id", Id(), nullable=True),
        sa.Column("delivery_id", Id(), nullable=True),
        sa.Column("subscriber_id", Id(), nullable=True),
        sa.Column("kind", _enum("kind", *KINDS), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("is_hard", sa.Boolean(), nullable=True),
        sa.Column("reason", _enum("reason", *REASONS), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=3), nullable=False),
        sa.Column("feedback_type", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("via", _enum("via", "mailbox", "listener", "webhook"), nullable=False),
        sa.Column("trust", _enum("trust", "token", "provider", "message_id", "address"), nullable=False),
        sa.Column("effect", _enum("effect", "nothing", "suppressed", "unsubscribed"), nullable=False),
        sa.Column("source_key", sa.String(length=120), nullable=False),
        *_belongs(
            "returns",
            ("workspace_id", "workspaces", "CASCADE"),
            ("campaign_id", "campaigns", "SET NULL"),
            ("delivery_id", "deliveries", "SET NULL"),
            ("subscriber_id", "subscribers", "SET NULL"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returns")),
        sa.UniqueConstraint("workspace_id", "source_key", name=op.f("uq_returns_workspace_id_source_key")),
    )
    for columns in (("delivery_id",), ("subscriber_id",)):
        op.create_index(f"ix_returns_{columns[0]}", "returns", list(columns))
    op.create_index("ix_returns_workspace_id_id", "returns", ["workspace_id", "id"])
    op.create_index("ix_returns_campaign_id_kind", "returns", ["campaign_id", "kind"])
    op.create_index("ix_returns_workspace_id_email", "returns", ["workspace_id", "email"])
    op.create_table(
        "bounce_rules",
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("soft_limit", sa.Integer(), nullable=False),
        sa.Column("within_days", sa.Integer(), nullable=False),
        sa.CheckConstraint("soft_limit BETWEEN 1 AND 20", name=op.f("ck_bounce_rules_soft_limit_in_range")),
        sa.CheckConstraint(
            "within_days BETWEEN 1 AND 365", name=op.f("ck_bounce_rules_within_days_in_range")
        ),
        *_belongs("bounce_rules", ("workspace_id", "workspaces", "CASCADE")),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_bounce_rules")),
    )
    op.create_table(
        "return_mailboxes",
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("protocol", _enum("protocol", "imap", "pop3"), nullable=False),
        sa.Column("encryption", _enum("encryption", "tls", "starttls", "off"), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("user", sa.String(length=255), nullable=False),
        sa.Column("password_encrypted", sa.Text(), nullable=False),
        sa.Column("folder", sa.String(length=120), nullable=False),
        sa.Column("is_emptied", sa.Boolean(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("polled_at", UtcDateTime(), nullable=True),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.CheckConstraint("port BETWEEN 1 AND 65535", name=op.f("ck_return_mailboxes_port_in_range")),
        *_belongs("return_mailboxes", ("workspace_id", "workspaces", "CASCADE")),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_return_mailboxes")),
    )
    op.create_table(
        "return_hooks",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("provider", _enum("provider", *PROVIDERS), nullable=False),
        sa.Column("secret_encrypted", sa.Text(), nullable=False),
        sa.Column("called_at", UtcDateTime(), nullable=True),
        sa.Column("problem", sa.String(length=500), nullable=False),
        *_belongs("return_hooks", ("workspace_id", "workspaces", "CASCADE")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_hooks")),
        sa.UniqueConstraint("workspace_id", "provider", name=op.f("uq_return_hooks_workspace_id_provider")),
    )


def downgrade() -> None:
    for table in ("return_hooks", "return_mailboxes", "bounce_rules", "returns"):
        op.drop_table(table)
    op.drop_column("sending_domains", "return_path")
