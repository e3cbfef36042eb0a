"""Write campaigns and templates as designs; publish templates in versions; keep a brand for each workspace."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id, Json, UtcDateTime, new_id

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

OLD = ("markdown", "html")
NEW = ("design", "markdown", "mjml", "html")


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("design", Json, nullable=True))
    _let_campaigns_be(OLD, NEW)
    with op.batch_alter_table("templates") as batch_op:
        batch_op.add_column(sa.Column("design", Json, nullable=True))
        batch_op.add_column(sa.Column("format", sa.String(length=32), nullable=False, server_default="html"))
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
        batch_op.create_check_constraint(op.f("ck_templates_format"), _one_of(NEW))
    op.create_table(
        "template_versions",
        sa.Column("id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("template_id", Id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("created_by_id", Id(), nullable=True),
        sa.Column("design", Json, nullable=True),
        sa.Column("html", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["users.id"],
            name=op.f("fk_template_versions_created_by_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["templates.id"],
            name=op.f("fk_template_versions_template_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_versions")),
        sa.UniqueConstraint("template_id", "number", name=op.f("uq_template_versions_template_id_number")),
    )
    op.create_table(
        "brand_kits",
        sa.Column("workspace_id", Id(), nullable=False),
        sa.Column("colors", Json, nullable=False),
        sa.Column("font", sa.String(length=20), nullable=False),
        sa.Column("heading_font", sa.String(length=20), nullable=False),
        sa.Column("logo_src", sa.String(length=2000), nullable=False),
        sa.Column("logo_alt", sa.String(length=200), nullable=False),
        sa.Column("logo_href", sa.String(length=2000), nullable=False),
        sa.Column("logo_width", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_brand_kits_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_brand_kits")),
    )
    _publish_what_there_is()


def downgrade() -> None:
    op.drop_table("brand_kits")
    op.drop_table("template_versions")
    op.execute("UPDATE campaigns SET format = 'html' WHERE format IN ('design', 'mjml')")
    op.execute(
        "UPDATE campaigns SET template_id = NULL WHERE template_id IN"
        " (SELECT id FROM templates WHERE format <> 'html')"
    )
    op.execute("DELETE FROM templates WHERE format <> 'html'")
    with op.batch_alter_table("templates") as batch_op:
        batch_op.drop_constraint(op.f("ck_templates_format"), type_="check")
        for column in ("revision", "version", "format", "design"):
            batch_op.drop_column(column)
    _let_campaigns_be(NEW, OLD)
    op.drop_column("campaigns", "design")


def _publish_what_there_is() -> None:
    """Make each template's HTML its first version: campaigns that use it look as they did."""
    templates = sa.table(
        "templates",
        sa.column("id", Id()),
        sa.column("updated_at", UtcDateTime()),
        sa.column("html"),
        sa.column("version"),
    )
    versions = sa.table(
        "template_versions",
        *(sa.column(name) for name in ("id", "created_at", "template_id", "number", "note", "html")),
    )
    op.execute(
        versions.insert().from_select(
            ["id", "created_at", "template_id", "number", "note", "html"],
            sa.select(
                new_id(),
                templates.c.updated_at,
                templates.c.id,
                sa.literal(1),
                sa.literal(""),
                templates.c.html,
            ),
        )
    )
    op.execute(templates.update().values(version=1))


def _let_campaigns_be(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    """Change what a campaign may be written in.

    On SQLite by its documented procedure for changes that leave the rows as they are: a table
    that is built anew loses which check belongs to which column, and then earlier steps could
    not be taken back.
    """
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_campaigns_format"), "campaigns", type_="check")
        op.create_check_constraint(op.f("ck_campaigns_format"), "campaigns", _one_of(new))
        return
    op.execute("PRAGMA writable_schema = ON")
    schema = sa.table("sqlite_master", sa.column("sql"), sa.column("type"), sa.column("name"))
    op.execute(
        schema.update()
        .where(schema.c.type == "table", schema.c.name == "campaigns")
        .values(sql=sa.func.replace(schema.c.sql, _one_of(old), _one_of(new)))
    )
    op.execute("PRAGMA writable_schema = RESET")


def _one_of(values: tuple[str, ...]) -> str:
    return "format IN ({})".format(", ".join(f"'{value}'" for value in values))
