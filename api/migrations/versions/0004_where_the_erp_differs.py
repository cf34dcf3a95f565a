"""Where the ERP differs from what we released, who lacks pieces of a short run, and what is left over"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# The diagrams as they are at this revision.
MOVES = {
    "drift": [
        "open > gone",
        "open > kept",
        "open > left",
        "open > taken",
        "kept > gone",
        "kept > open",
        "left > gone",
        "left > kept",
        "left > open",
        "left > taken",
    ],
    "shortfall": ["open > recut", "open > refunded"],
}
POLICIES = ("earliest_paid/1", "earliest_promise/1")
RULES = {"cancelled_there": (True, 24), "within_promise": (False, 0)}


def upgrade() -> None:
    op.add_column("run", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
    op.alter_column("run", "revision", server_default=None)
    policies = _one_of("team_allocation_policy", *POLICIES)
    policy: sa.Column[str] = sa.Column(
        "allocation_policy", policies, nullable=False, server_default=POLICIES[0]
    )
    op.add_column("team", policy)
    op.alter_column("team", "allocation_policy", server_default=None)
    _drift()
    _allocation()
    for table, moves in MOVES.items():
        arguments = ", ".join(f"'{move}'" for move in moves)
        op.execute(
            f"CREATE TRIGGER {table}_moves BEFORE UPDATE OF status ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_illegal_move({arguments})"
        )


def downgrade() -> None:
    for table in ("stock_entry", "shortfall", "drift_rule", "drift"):
        op.drop_table(table)
    op.drop_column("team", "allocation_policy")
    op.drop_column("run", "revision")


def _drift() -> None:
    op.create_table(
        "drift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=24), nullable=False),
        sa.Column(
            "kind",
            _one_of("drift_kind", "quantity", "merged", "date", "state", "missing", "place", "unknown"),
            nullable=False,
        ),
        sa.Column("part", sa.String(length=120), nullable=False),
        sa.Column("status", _one_of("drift_status", "open", "kept", "left", "taken", "gone"), nullable=False),
        sa.Column("ours", sa.String(length=200), nullable=False),
        sa.Column("theirs", sa.String(length=200), nullable=False),
        sa.Column("touched_by", sa.String(length=200), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("awaits_erp", sa.Boolean(), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_drift_run_id"), "drift", ["run_id"], unique=False)
    op.create_index(op.f("ix_drift_status"), "drift", ["status"], unique=False)
    op.create_index(
        "drift_one_live",
        "drift",
        ["run_id", "kind", "part"],
        unique=True,
        postgresql_where=sa.text("status IN ('open', 'kept', 'left')"),
    )
    rules = op.create_table(
        "drift_rule",
        sa.Column("name", _one_of("drift_rule_name", *RULES), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("after_hours", sa.Integer(), nullable=False),
        sa.CheckConstraint("after_hours >= 0", name="drift_rule_hours"),
        sa.PrimaryKeyConstraint("name"),
    )
    op.bulk_insert(
        rules,
        [
            {"name": name, "enabled": enabled, "after_hours": hours}
            for name, (enabled, hours) in RULES.items()
        ],
    )


def _allocation() -> None:
    op.create_table(
        "shortfall",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("preorder_line_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("preorder_number", sa.String(length=20), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("policy", _one_of("shortfall_policy", *POLICIES), nullable=False),
        sa.Column("status", _one_of("shortfall_status", "open", "refunded", "recut"), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("pieces > 0", name="shortfall_pieces"),
        sa.ForeignKeyConstraint(["preorder_line_id"], ["preorder_line.id"]),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("run_id", "preorder_line_id", "sku_id", name="shortfall_once"),
    )
    for column in ("run_id", "preorder_line_id", "status"):
        op.create_index(op.f(f"ix_shortfall_{column}"), "shortfall", [column], unique=False)
    op.create_table(
        "stock_entry",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("unit_cost_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("pieces > 0 AND unit_cost_minor >= 0", name="stock_entry_amounts"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"]),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"]),
        sa.PrimaryKeyConstraint("run_id", "sku_id"),
    )
    op.create_index(op.f("ix_stock_entry_team_id"), "stock_entry", ["team_id"], unique=False)


def _one_of(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)
