"""The first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# The diagrams of the state machines as they are at this revision: a trigger on each table holds its own.
MOVES = {
    "campaign": [
        "draft > cancelled",
        "draft > sampled",
        "sampled > cancelled",
        "sampled > open",
        "open > cancelled",
        "open > closing",
        "closing > decided",
        "closing > failed",
        "decided > cancelled",
        "decided > in_production",
        "in_production > shipped",
        "shipped > settled",
    ],
    "preorder": [
        "placed > cancelled",
        "placed > confirmed",
        "confirmed > cancelled",
        "confirmed > scheduled",
        "scheduled > cancelled",
        "scheduled > confirmed",
        "scheduled > in_production",
        "in_production > cancelled",
        "in_production > ready",
        "ready > shipped",
        "cancelled > refunded",
    ],
    "payment": [
        "requested > confirmed",
        "requested > failed",
        "requested > started",
        "started > confirmed",
        "started > failed",
        "failed > confirmed",
        "failed > started",
    ],
    "plan": [
        "requested > computing",
        "requested > failed",
        "computing > failed",
        "computing > proposed",
        "proposed > approved",
        "proposed > rejected",
    ],
    "run": [
        "proposed > approved",
        "proposed > cancelled",
        "approved > cancelled",
        "approved > released",
        "released > cancelled",
        "released > done",
        "released > started",
        "started > cancelled",
        "started > done",
    ],
    "book_order": [
        "offered > accepted",
        "offered > cancelled",
        "accepted > cancelled",
        "accepted > started",
        "started > cancelled",
        "started > done",
    ],
}

REFUSE_ILLEGAL_MOVE = """
CREATE FUNCTION refuse_illegal_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status IS DISTINCT FROM OLD.status AND NOT (OLD.status || ' > ' || NEW.status) = ANY (TG_ARGV) THEN
        RAISE EXCEPTION 'illegal move of % %: % > %', TG_TABLE_NAME, OLD.id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END $$
"""

# The audit says what was: nobody rewrites it, whatever rights the application has.
REFUSE_REWRITE = """
CREATE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
END $$
"""


def upgrade() -> None:
    op.execute("CREATE SEQUENCE preorder_number")
    op.execute("CREATE SEQUENCE plan_number")
    op.execute("CREATE SEQUENCE run_number")
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("noun", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("before", sa.String(length=20), nullable=True),
        sa.Column("after", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=240), nullable=False),
        sa.Column("why", sa.String(length=1000), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"], unique=False)
    op.create_index("ix_audit_entry_subject", "audit_entry", ["noun", "subject_id", "at"], unique=False)
    op.create_table(
        "fabric",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("name_zh", sa.String(length=80), nullable=False),
        sa.Column("stock_cm", sa.Integer(), nullable=False),
        sa.Column("dye_lot_minimum_cm", sa.Integer(), nullable=False),
        sa.Column("roll_cm", sa.Integer(), nullable=False),
        sa.Column("cost_per_metre_minor", sa.Integer(), nullable=False),
        sa.Column("lead_days", sa.Integer(), nullable=False),
        sa.Column("purchase_maximum_cm", sa.Integer(), nullable=False),
        sa.CheckConstraint("cost_per_metre_minor >= 0 AND lead_days >= 0", name="fabric_terms"),
        sa.CheckConstraint(
            "stock_cm >= 0 AND dye_lot_minimum_cm >= 0 AND roll_cm > 0", name="fabric_quantities"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "factory",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("place", sa.String(length=80), nullable=False),
        sa.Column(
            "mode",
            sa.Enum(
                "own_line",
                "subcontract",
                name="factory_mode",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.Enum(
                "erp",
                "order_book",
                name="factory_channel",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "heartbeat",
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("part"),
    )
    op.create_table(
        "idempotency_record",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("answer", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(
        op.f("ix_idempotency_record_recorded_at"), "idempotency_record", ["recorded_at"], unique=False
    )
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("payload", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox_message",
        ["not_before"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL"),
    )
    op.create_table(
        "plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "requested",
                "computing",
                "proposed",
                "approved",
                "rejected",
                "failed",
                name="plan_status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("day_zero", sa.Date(), nullable=False),
        sa.Column("problem", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("answer", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("baseline", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("cost", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("versions", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("progress", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("stop_requested", sa.Boolean(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index(op.f("ix_plan_status"), "plan", ["status"], unique=False)
    op.create_table(
        "sandbox_charge",
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "charge",
                "refund",
                name="sandbox_charge_kind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.PrimaryKeyConstraint("reference"),
        sa.UniqueConstraint("payment_id"),
    )
    op.create_table(
        "team",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "book_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("factory_id", sa.Uuid(), nullable=False),
        sa.Column("line_code", sa.String(length=20), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "offered",
                "accepted",
                "started",
                "done",
                "cancelled",
                name="book_order_status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("quantities", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("done", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("finish_on", sa.Date(), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["factory_id"],
            ["factory.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference"),
    )
    op.create_index(op.f("ix_book_order_changed_at"), "book_order", ["changed_at"], unique=False)
    op.create_index(op.f("ix_book_order_factory_id"), "book_order", ["factory_id"], unique=False)
    op.create_table(
        "closure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("factory_id", sa.Uuid(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("capacity_percent", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.CheckConstraint("capacity_percent BETWEEN 0 AND 100", name="closure_percent"),
        sa.CheckConstraint("from_on <= to_on", name="closure_days"),
        sa.ForeignKeyConstraint(
            ["factory_id"],
            ["factory.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_closure_factory_id"), "closure", ["factory_id"], unique=False)
    op.create_table(
        "fabric_arrival",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fabric_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("quantity_cm", sa.Integer(), nullable=False),
        sa.Column("arrives_on", sa.Date(), nullable=False),
        sa.CheckConstraint("quantity_cm > 0", name="fabric_arrival_quantity"),
        sa.ForeignKeyConstraint(
            ["fabric_id"],
            ["fabric.id"],
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["plan.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_fabric_arrival_fabric_id"), "fabric_arrival", ["fabric_id"], unique=False)
    op.create_index(op.f("ix_fabric_arrival_plan_id"), "fabric_arrival", ["plan_id"], unique=False)
    op.create_table(
        "lane",
        sa.Column("factory_id", sa.Uuid(), nullable=False),
        sa.Column(
            "region",
            sa.Enum(
                "east",
                "south",
                "west",
                "north",
                "europe",
                "america",
                name="lane_region",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("unit_cost_minor", sa.Integer(), nullable=False),
        sa.Column("lead_days", sa.Integer(), nullable=False),
        sa.CheckConstraint("unit_cost_minor >= 0 AND lead_days >= 0", name="lane_amounts"),
        sa.ForeignKeyConstraint(
            ["factory_id"],
            ["factory.id"],
        ),
        sa.PrimaryKeyConstraint("factory_id", "region"),
    )
    op.create_table(
        "member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "buyer",
                "developer",
                "designer",
                "stock",
                "planner",
                "factory",
                "admin",
                name="member_role",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("factory_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["factory_id"],
            ["factory.id"],
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["team.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
    )
    op.create_table(
        "production_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("factory_id", sa.Uuid(), nullable=False),
        sa.Column("shift_seconds", sa.Integer(), nullable=False),
        sa.Column("workdays", sa.Integer(), nullable=False),
        sa.Column("min_run", sa.Integer(), nullable=False),
        sa.Column("max_run", sa.Integer(), nullable=True),
        sa.Column("tiers", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.CheckConstraint(
            "min_run >= 1 AND (max_run IS NULL OR max_run >= min_run)", name="production_line_run"
        ),
        sa.CheckConstraint("shift_seconds > 0 AND workdays BETWEEN 1 AND 7", name="production_line_shift"),
        sa.ForeignKeyConstraint(
            ["factory_id"],
            ["factory.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index(op.f("ix_production_line_factory_id"), "production_line", ["factory_id"], unique=False)
    op.create_table(
        "style",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("name_zh", sa.String(length=80), nullable=False),
        sa.Column("about_en", sa.String(length=500), nullable=False),
        sa.Column("about_zh", sa.String(length=500), nullable=False),
        sa.Column(
            "silhouette",
            sa.Enum(
                "tee",
                "shirt",
                "hoodie",
                "dress",
                "trousers",
                "skirt",
                "jacket",
                "knit",
                name="style_silhouette",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("family", sa.String(length=40), nullable=False),
        sa.Column("setup_seconds", sa.Integer(), nullable=False),
        sa.Column("setup_cost_minor", sa.Integer(), nullable=False),
        sa.CheckConstraint("setup_seconds >= 0 AND setup_cost_minor >= 0", name="style_setup"),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["team.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index(op.f("ix_style_team_id"), "style", ["team_id"], unique=False)
    op.create_table(
        "campaign",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("style_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "pre_order",
                "group_buy",
                "made_to_order",
                name="campaign_kind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "sampled",
                "open",
                "closing",
                "decided",
                "failed",
                "in_production",
                "shipped",
                "settled",
                "cancelled",
                name="campaign_status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_zone", sa.String(length=40), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=False),
        sa.Column("ladder", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("ship_from_on", sa.Date(), nullable=False),
        sa.Column("ship_by_on", sa.Date(), nullable=False),
        sa.Column("settled_price_minor", sa.Integer(), nullable=True),
        sa.Column("decided_pieces", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "settled_price_minor IS NOT NULL OR status NOT IN ('decided', 'in_production', 'shipped', 'settled')",
            name="campaign_decided_has_price",
        ),
        sa.CheckConstraint("minimum >= 0", name="campaign_minimum"),
        sa.CheckConstraint("opens_at < closes_at", name="campaign_opens_before_it_closes"),
        sa.CheckConstraint("ship_from_on <= ship_by_on", name="campaign_ship_range"),
        sa.ForeignKeyConstraint(
            ["style_id"],
            ["style.id"],
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["team.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("slug"),
    )
    op.create_index(op.f("ix_campaign_closes_at"), "campaign", ["closes_at"], unique=False)
    op.create_index(op.f("ix_campaign_status"), "campaign", ["status"], unique=False)
    op.create_index(op.f("ix_campaign_style_id"), "campaign", ["style_id"], unique=False)
    op.create_index(op.f("ix_campaign_team_id"), "campaign", ["team_id"], unique=False)
    op.create_table(
        "item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("style_id", sa.Uuid(), nullable=False),
        sa.Column("fabric_id", sa.Uuid(), nullable=False),
        sa.Column("colour", sa.String(length=40), nullable=False),
        sa.Column("colour_zh", sa.String(length=40), nullable=False),
        sa.Column("colour_hex", sa.String(length=7), nullable=False),
        sa.Column("setup_seconds", sa.Integer(), nullable=False),
        sa.Column("setup_cost_minor", sa.Integer(), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=False),
        sa.Column("overs_maximum", sa.Integer(), nullable=False),
        sa.Column("overs_value_minor", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "minimum >= 0 AND overs_maximum >= 0 AND overs_value_minor >= 0", name="item_amounts"
        ),
        sa.ForeignKeyConstraint(
            ["fabric_id"],
            ["fabric.id"],
        ),
        sa.ForeignKeyConstraint(
            ["style_id"],
            ["style.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("style_id", "colour", name="item_colour"),
    )
    op.create_index(op.f("ix_item_fabric_id"), "item", ["fabric_id"], unique=False)
    op.create_index(op.f("ix_item_style_id"), "item", ["style_id"], unique=False)
    op.create_table(
        "line_rate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("style_id", sa.Uuid(), nullable=False),
        sa.Column("seconds_per_piece", sa.Integer(), nullable=False),
        sa.Column("unit_cost_minor", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.CheckConstraint("seconds_per_piece > 0", name="line_rate_seconds"),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["production_line.id"],
        ),
        sa.ForeignKeyConstraint(
            ["style_id"],
            ["style.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("line_id", "style_id", name="line_rate_pair"),
    )
    op.create_index(op.f("ix_line_rate_line_id"), "line_rate", ["line_id"], unique=False)
    op.create_index(op.f("ix_line_rate_style_id"), "line_rate", ["style_id"], unique=False)
    op.create_table(
        "sign_in",
        sa.Column("key_digest", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
        ),
        sa.PrimaryKeyConstraint("key_digest"),
    )
    op.create_index(op.f("ix_sign_in_member_id"), "sign_in", ["member_id"], unique=False)
    op.create_table(
        "preorder",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "placed",
                "confirmed",
                "scheduled",
                "in_production",
                "ready",
                "shipped",
                "cancelled",
                "refunded",
                name="preorder_status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("buyer_name", sa.String(length=80), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column(
            "region",
            sa.Enum(
                "east",
                "south",
                "west",
                "north",
                "europe",
                "america",
                name="preorder_region",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("price_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("promise_from_on", sa.Date(), nullable=False),
        sa.Column("promise_by_on", sa.Date(), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.CheckConstraint("price_minor > 0", name="preorder_price"),
        sa.CheckConstraint("promise_from_on <= promise_by_on", name="preorder_promise_range"),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index(op.f("ix_preorder_campaign_id"), "preorder", ["campaign_id"], unique=False)
    op.create_index(op.f("ix_preorder_status"), "preorder", ["status"], unique=False)
    op.create_table(
        "run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "proposed",
                "approved",
                "released",
                "started",
                "done",
                "cancelled",
                name="run_status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("bucket_on", sa.Date(), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("finish_on", sa.Date(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum(
                "own_line",
                "subcontract",
                name="run_mode",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("channel", sa.String(length=20), nullable=True),
        sa.Column("documents", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.CheckConstraint("start_on <= finish_on", name="run_days"),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["item.id"],
        ),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["production_line.id"],
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["plan.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index(op.f("ix_run_item_id"), "run", ["item_id"], unique=False)
    op.create_index(op.f("ix_run_line_id"), "run", ["line_id"], unique=False)
    op.create_index(op.f("ix_run_plan_id"), "run", ["plan_id"], unique=False)
    op.create_index(op.f("ix_run_status"), "run", ["status"], unique=False)
    op.create_table(
        "sku",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.String(length=10), nullable=False),
        sa.Column("fabric_use_cm", sa.Integer(), nullable=False),
        sa.Column("measurements", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.CheckConstraint("fabric_use_cm > 0", name="sku_fabric_use"),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["item.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("item_id", "size", name="sku_size"),
    )
    op.create_index(op.f("ix_sku_item_id"), "sku", ["item_id"], unique=False)
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("preorder_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "charge", "refund", name="payment_kind", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "requested",
                "started",
                "confirmed",
                "failed",
                name="payment_status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("provider_reference", sa.String(length=80), nullable=True),
        sa.Column("refunds_id", sa.Uuid(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name="payment_amount"),
        sa.ForeignKeyConstraint(
            ["preorder_id"],
            ["preorder.id"],
        ),
        sa.ForeignKeyConstraint(
            ["refunds_id"],
            ["payment.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("provider", "provider_reference", name="payment_provider_reference"),
    )
    op.create_index(op.f("ix_payment_preorder_id"), "payment", ["preorder_id"], unique=False)
    op.create_index(op.f("ix_payment_refunds_id"), "payment", ["refunds_id"], unique=False)
    op.create_table(
        "preorder_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("preorder_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("accept_other_colour", sa.Boolean(), nullable=False),
        sa.Column("accept_next_size", sa.Boolean(), nullable=False),
        sa.CheckConstraint("quantity BETWEEN 1 AND 99", name="preorder_line_quantity"),
        sa.ForeignKeyConstraint(
            ["preorder_id"],
            ["preorder.id"],
        ),
        sa.ForeignKeyConstraint(
            ["sku_id"],
            ["sku.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("preorder_id", "sku_id", name="preorder_line_sku"),
    )
    op.create_index(op.f("ix_preorder_line_preorder_id"), "preorder_line", ["preorder_id"], unique=False)
    op.create_index(op.f("ix_preorder_line_sku_id"), "preorder_line", ["sku_id"], unique=False)
    op.create_table(
        "run_sku",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("overs", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "quantity > 0 AND overs BETWEEN 0 AND quantity AND done >= 0", name="run_sku_amounts"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.id"],
        ),
        sa.ForeignKeyConstraint(
            ["sku_id"],
            ["sku.id"],
        ),
        sa.PrimaryKeyConstraint("run_id", "sku_id"),
    )
    op.create_table(
        "pegging",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("preorder_line_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("lot", sa.String(length=120), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name="pegging_quantity"),
        sa.ForeignKeyConstraint(
            ["preorder_line_id"],
            ["preorder_line.id"],
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.id"],
        ),
        sa.ForeignKeyConstraint(
            ["sku_id"],
            ["sku.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("run_id", "preorder_line_id", "sku_id", name="pegging_once"),
    )
    op.create_index(op.f("ix_pegging_preorder_line_id"), "pegging", ["preorder_line_id"], unique=False)
    op.create_index(op.f("ix_pegging_run_id"), "pegging", ["run_id"], unique=False)
    op.execute(REFUSE_ILLEGAL_MOVE)
    for table, moves in MOVES.items():
        arguments = ", ".join(f"'{move}'" for move in moves)
        op.execute(
            f"CREATE TRIGGER {table}_moves BEFORE UPDATE OF status ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_illegal_move({arguments})"
        )
    op.execute(REFUSE_REWRITE)
    op.execute(
        "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry "
        "FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()"
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_pegging_run_id"), table_name="pegging")
    op.drop_index(op.f("ix_pegging_preorder_line_id"), table_name="pegging")
    op.drop_table("pegging")
    op.drop_table("run_sku")
    op.drop_index(op.f("ix_preorder_line_sku_id"), table_name="preorder_line")
    op.drop_index(op.f("ix_preorder_line_preorder_id"), table_name="preorder_line")
    op.drop_table("preorder_line")
    op.drop_index(op.f("ix_payment_refunds_id"), table_name="payment")
    op.drop_index(op.f("ix_payment_preorder_id"), table_name="payment")
    op.drop_table("payment")
    op.drop_index(op.f("ix_sku_item_id"), table_name="sku")
    op.drop_table("sku")
    op.drop_index(op.f("ix_run_status"), table_name="run")
    op.drop_index(op.f("ix_run_plan_id"), table_name="run")
    op.drop_index(op.f("ix_run_line_id"), table_name="run")
    op.drop_index(op.f("ix_run_item_id"), table_name="run")
    op.drop_table("run")
    op.drop_index(op.f("ix_preorder_status"), table_name="preorder")
    op.drop_index(op.f("ix_preorder_campaign_id"), table_name="preorder")
    op.drop_table("preorder")
    op.drop_index(op.f("ix_sign_in_member_id"), table_name="sign_in")
    op.drop_table("sign_in")
    op.drop_index(op.f("ix_line_rate_style_id"), table_name="line_rate")
    op.drop_index(op.f("ix_line_rate_line_id"), table_name="line_rate")
    op.drop_table("line_rate")
    op.drop_index(op.f("ix_item_style_id"), table_name="item")
    op.drop_index(op.f("ix_item_fabric_id"), table_name="item")
    op.drop_table("item")
    op.drop_index(op.f("ix_campaign_team_id"), table_name="campaign")
    op.drop_index(op.f("ix_campaign_style_id"), table_name="campaign")
    op.drop_index(op.f("ix_campaign_status"), table_name="campaign")
    op.drop_index(op.f("ix_campaign_closes_at"), table_name="campaign")
    op.drop_table("campaign")
    op.drop_index(op.f("ix_style_team_id"), table_name="style")
    op.drop_table("style")
    op.drop_index(op.f("ix_production_line_factory_id"), table_name="production_line")
    op.drop_table("production_line")
    op.drop_table("member")
    op.drop_table("lane")
    op.drop_index(op.f("ix_fabric_arrival_plan_id"), table_name="fabric_arrival")
    op.drop_index(op.f("ix_fabric_arrival_fabric_id"), table_name="fabric_arrival")
    op.drop_table("fabric_arrival")
    op.drop_index(op.f("ix_closure_factory_id"), table_name="closure")
    op.drop_table("closure")
    op.drop_index(op.f("ix_book_order_factory_id"), table_name="book_order")
    op.drop_index(op.f("ix_book_order_changed_at"), table_name="book_order")
    op.drop_table("book_order")
    op.drop_table("team")
    op.drop_table("sandbox_charge")
    op.drop_index(op.f("ix_plan_status"), table_name="plan")
    op.drop_table("plan")
    op.drop_index(
        "ix_outbox_due",
        table_name="outbox_message",
        postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL"),
    )
    op.drop_table("outbox_message")
    op.drop_index(op.f("ix_idempotency_record_recorded_at"), table_name="idempotency_record")
    op.drop_table("idempotency_record")
    op.drop_table("heartbeat")
    op.drop_table("factory")
    op.drop_table("fabric")
    op.drop_index("ix_audit_entry_subject", table_name="audit_entry")
    op.drop_index(op.f("ix_audit_entry_at"), table_name="audit_entry")
    op.drop_table("audit_entry")
    op.execute("DROP FUNCTION refuse_illegal_move")
    op.execute("DROP FUNCTION refuse_rewrite")
    op.execute("DROP SEQUENCE preorder_number")
    op.execute("DROP SEQUENCE plan_number")
    op.execute("DROP SEQUENCE run_number")
