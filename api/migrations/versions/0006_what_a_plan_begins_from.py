"""Which plan a plan begins from, and what more line time and cloth would be worth to it"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(none_as_null=True)


def upgrade() -> None:
    # Plans made so far began from nothing.
    op.add_column("plan", sa.Column("from_scratch", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.alter_column("plan", "from_scratch", server_default=None)
    op.add_column("plan", sa.Column("begun_from", sa.String(length=20), nullable=True))
    op.add_column("plan", sa.Column("prices", JSONB, nullable=True))


def downgrade() -> None:
    for column in ("prices", "begun_from", "from_scratch"):
        op.drop_column("plan", column)
