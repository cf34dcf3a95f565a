"""What a factory says of an order: stages, photographs, flags, and counter-proposals with the plan that weighs them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(none_as_null=True)
NOTHING = sa.text("'{}'::jsonb")
# The diagrams as they are at this revision.
MOVES = {
    "order_flag": ["raised > settled"],
    "proposal": [
        "made > refused",
        "made > weighed",
        "made > withdrawn",
        "weighed > accepted",
        "weighed > made",
        "weighed > refused",
        "weighed > withdrawn",
    ],
}


def upgrade() -> None:
    for stage in ("cut", "sewn"):
        op.add_column("book_order", sa.Column(stage, JSONB, nullable=False, server_default=NOTHING))
    op.execute("UPDATE book_order SET cut = done, sewn = done")  # what was packed had been cut and sewn
    for stage in ("cut", "sewn"):
        op.alter_column("book_order", stage, server_default=None)
    op.add_column("plan", sa.Column("weighs", sa.String(length=20), nullable=True))
    op.create_index(op.f("ix_plan_weighs"), "plan", ["weighs"], unique=False)
    op.create_table(
        "order_photo",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("stage", _one_of("order_photo_stage", "cut", "sewn", "packed"), nullable=False),
        sa.Column("media_type", sa.String(length=20), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.String(length=240), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["book_order.id"]),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index(op.f("ix_order_photo_order_id"), "order_photo", ["order_id"], unique=False)
    op.create_table(
        "order_flag",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("kind", _one_of("order_flag_kind", "late", "short"), nullable=False),
        sa.Column("status", _one_of("order_flag_status", "raised", "settled"), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["book_order.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_order_flag_order_id"), "order_flag", ["order_id"], unique=False)
    op.create_index(op.f("ix_order_flag_status"), "order_flag", ["status"], unique=False)
    op.create_table(
        "proposal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column(
            "status",
            _one_of("proposal_status", "made", "weighed", "accepted", "refused", "withdrawn"),
            nullable=False,
        ),
        sa.Column("finish_on", sa.Date(), nullable=False),
        sa.Column("quantities", JSONB, nullable=False),
        sa.Column("ordered_finish_on", sa.Date(), nullable=False),
        sa.Column("ordered_quantities", JSONB, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("effects", JSONB, nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["book_order.id"]),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_proposal_order_id"), "proposal", ["order_id"], unique=False)
    op.create_index(op.f("ix_proposal_reference"), "proposal", ["reference"], unique=False)
    op.create_index(op.f("ix_proposal_status"), "proposal", ["status"], unique=False)
    op.create_index(
        "proposal_one_open",
        "proposal",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('made', 'weighed')"),
    )
    for table, moves in MOVES.items():
        arguments = ", ".join(f"'{move}'" for move in moves)
        op.execute(
            f"CREATE TRIGGER {table}_moves BEFORE UPDATE OF status ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_illegal_move({arguments})"
        )


def downgrade() -> None:
    for table in ("proposal", "order_flag", "order_photo"):
        op.drop_table(table)
    op.drop_index(op.f("ix_plan_weighs"), table_name="plan")
    op.drop_column("plan", "weighs")
    for stage in ("sewn", "cut"):
        op.drop_column("book_order", stage)


def _one_of(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)
