"""An index of the messages that are not done: the queue is counted every few seconds, the done ones are many"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_outbox_open",
        "outbox_message",
        ["topic", "recorded_at"],
        postgresql_where=sa.text("done_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_open", table_name="outbox_message")
