"""Let keys have scopes by resource and verb, a limit of their own and a day on which they end."""

import json

import sqlalchemy as sa
from alembic import op

from mailer.columns import Json, UtcDateTime

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

#: What keys of each former scope could do, and still can.
SCOPES = {
    "all": ["*"],
    "sending": [
        "emails:send",
        "campaigns:read",
        "campaigns:write",
        "campaigns:send",
        "senders:read",
        "workspace:read",
    ],
    "read": ["*:read"],
}
KIND = sa.Enum(*SCOPES, name="scope", native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    with op.batch_alter_table("api_keys") as batch:
        batch.add_column(sa.Column("scopes", Json, nullable=True))
        batch.add_column(sa.Column("calls_per_minute", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("expires_at", UtcDateTime(), nullable=True))
    keys = sa.table("api_keys", sa.column("scope", sa.String), sa.column("scopes", Json))
    for kind, scopes in SCOPES.items():
        op.execute(keys.update().where(keys.c.scope == kind).values(scopes=scopes))
    with op.batch_alter_table("api_keys") as batch:
        batch.alter_column("scopes", existing_type=Json, nullable=False)
        batch.drop_constraint(op.f("ck_api_keys_scope"), type_="check")
        batch.drop_column("scope")
        batch.create_check_constraint(op.f("ck_api_keys_limit_lets_some_through"), "calls_per_minute > 0")


def downgrade() -> None:
    with op.batch_alter_table("api_keys") as batch:
        batch.add_column(sa.Column("scope", KIND, nullable=True))
    keys = sa.table("api_keys", sa.column("scope", sa.String), sa.column("scopes", Json))
    op.execute(keys.update().values(scope="read"))
    for kind in ("all", "sending"):
        given = sa.cast(keys.c.scopes, sa.Text) == json.dumps(SCOPES[kind])
        op.execute(keys.update().where(given).values(scope=kind))
    with op.batch_alter_table("api_keys") as batch:
        batch.alter_column("scope", existing_type=KIND, nullable=False)
        batch.drop_constraint(op.f("ck_api_keys_limit_lets_some_through"), type_="check")
        for column in ("scopes", "calls_per_minute", "expires_at"):
            batch.drop_column(column)
