"""Pieces of a run that were thrown away, as the factory's side counts them"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run_sku", sa.Column("scrapped", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("run_sku", "scrapped", server_default=None)
    op.create_check_constraint("run_sku_scrapped", "run_sku", "scrapped >= 0")


def downgrade() -> None:
    op.drop_column("run_sku", "scrapped")
