"""Tag whoever follows a link of a campaign."""

import sqlalchemy as sa
from alembic import op

from mailer.columns import Id

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_TABLE = "campaign_click_tags"
_REFERRED = {"campaign_id": "campaigns.id", "tag_id": "tags.id"}


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", Id(), nullable=False),
        *(sa.Column(column, Id(), nullable=False) for column in _REFERRED),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("link_number", sa.Integer(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column], [target], name=op.f(f"fk_{_TABLE}_{column}"), ondelete="CASCADE"
            )
            for column, target in _REFERRED.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TABLE}")),
    )
    for column in _REFERRED:
        op.create_index(f"ix_{_TABLE}_{column}", _TABLE, [column])


def downgrade() -> None:
    op.drop_table(_TABLE)
