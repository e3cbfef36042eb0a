"""Keep how sending domains fare, what the doctor found of them, and DMARC reports."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

KINDS = ("spf", "dkim", "dmarc", "return_path", "ptr", "tracking", "mta_sts", "tls_rpt", "bimi")


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "domain_standings",
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("level", _enum("level", "good", "warn", "pause"), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("armed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_domain_standings_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "domain", name=op.f("pk_domain_standings")),
    )
    op.create_table(
        "domain_checks",
        sa.Column("sending_domain_id", Id(), nullable=False),
        sa.Column("kind", _enum("checkkind", *KINDS), nullable=False),
        sa.Column("health", _enum("health", "good", "optional", "warn", "bad", "unknown"), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.Column("record_name", sa.String(length=300), nullable=False),
        sa.Column("record_kind", sa.String(length=8), nullable=False),
        sa.Column("record_value", sa.Text(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sending_domain_id"],
            ["sending_domains.id"],
            name=op.f("fk_domain_checks_sending_domain_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("sending_domain_id", "kind", name=op.f("pk_domain_checks")),
    )
    op.create_table(
        "dmarc_reports",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sending_domain_id", Id(), nullable=False),
        sa.Column("reporter", sa.String(length=200), nullable=False),
        sa.Column("report_id", sa.String(length=200), nullable=False),
        sa.Column("begins_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("policy", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["sending_domain_id"],
            ["sending_domains.id"],
            name=op.f("fk_dmarc_reports_sending_domain_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dmarc_reports")),
        sa.UniqueConstraint(
            "sending_domain_id",
            "reporter",
            "report_id",
            name=op.f("uq_dmarc_reports_sending_domain_id_reporter_report_id"),
        ),
    )
    op.create_index(
        "ix_dmarc_reports_sending_domain_id_begins_at", "dmarc_reports", ["sending_domain_id", "begins_at"]
    )
    op.create_table(
        "dmarc_sources",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("report_id", Id(), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("dkim_passed", sa.Boolean(), nullable=False),
        sa.Column("spf_passed", sa.Boolean(), nullable=False),
        sa.Column("disposition", sa.String(length=12), nullable=False),
        sa.Column("header_from", sa.String(length=253), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["dmarc_reports.id"],
            name=op.f("fk_dmarc_sources_report_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dmarc_sources")),
    )
    op.create_index("ix_dmarc_sources_report_id", "dmarc_sources", ["report_id"])


def downgrade() -> None:
    for table in ("dmarc_sources", "dmarc_reports", "domain_checks", "domain_standings"):
        op.drop_table(table)
