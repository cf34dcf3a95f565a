"""Channels: a folder of files beside ERP and order book, how each answers, and what it holds under our codes"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(none_as_null=True)
BEFORE, NOW = ("erp", "order_book"), ("erp", "order_book", "drop_folder")


def upgrade() -> None:
    _factory_channels(NOW)
    op.create_table(
        "channel_state",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "answers", "silent", "refuses",
                name="channel_status", native_enum=False, length=20, create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("notices", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("channel"),
    )  # fmt: skip
    op.create_table(
        "master_record",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("noun", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("barcode", sa.String(), nullable=False),
        sa.Column("trouble", sa.String(length=20), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "noun", "code"),
    )


def downgrade() -> None:
    op.drop_table("master_record")
    op.drop_table("channel_state")
    op.execute("UPDATE factory SET channel = 'order_book' WHERE channel = 'drop_folder'")
    _factory_channels(BEFORE)


def _factory_channels(words: tuple[str, ...]) -> None:
    op.drop_constraint("factory_channel", "factory", type_="check")
    listed = ", ".join(f"'{word}'" for word in words)
    op.create_check_constraint("factory_channel", "factory", f"channel IN ({listed})")
