"""How campaigns are paid: terms, balances, groups, caps, a ledger, and what needs a person"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
# The diagrams as they are at this revision, and what they were before.
MOVES = {
    "rescue": ["offered > accepted", "offered > lapsed", "offered > refused"],
    "waiting_entry": ["offered > lapsed", "offered > taken", "waiting > lapsed", "waiting > offered"],
    "payment_exception": ["open > resolved"],
}
CHANGED = {
    "campaign": ["closing > collecting", "collecting > decided", "collecting > failed"],
    "preorder": [
        "placed > balance_due",
        "balance_due > confirmed",
        "balance_due > cancelled",
        "ready > cancelled",
        "shipped > cancelled",
        "cancelled > placed",
    ],
    "payment": ["requested > dropped", "started > dropped", "failed > dropped", "dropped > confirmed"],
}
WORDS = {  # table, column: words before, words added
    ("campaign", "kind"): (("pre_order", "group_buy", "made_to_order"), ("team_buy",)),
    ("campaign", "status"): (
        (
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
        ),
        ("collecting",),
    ),
    ("preorder", "status"): (
        (
            "placed",
            "confirmed",
            "scheduled",
            "in_production",
            "ready",
            "shipped",
            "cancelled",
            "refunded",
        ),
        ("balance_due",),
    ),
    ("member", "role"): (
        ("buyer", "developer", "designer", "stock", "planner", "factory", "admin"),
        ("finance",),
    ),
    ("payment", "status"): (("requested", "started", "confirmed", "failed"), ("dropped",)),
}
PRICED = ("decided", "in_production", "shipped", "settled")

# The whole of an entry is there when its transaction commits, or none of it.
REFUSE_UNBALANCED = """
CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rest bigint;
    entry integer := coalesce(to_jsonb(NEW)->>'entry_id', to_jsonb(NEW)->>'id')::integer;
BEGIN
    SELECT coalesce(sum(amount_minor), 1) INTO rest FROM ledger_posting WHERE entry_id = entry;
    IF rest <> 0 THEN
        RAISE EXCEPTION 'ledger entry % does not balance: %', entry, rest
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$
"""
# What was confirmed before there was a ledger.
OPENING = """
WITH entry AS (
    INSERT INTO ledger_entry (key, preorder_id, campaign_id, team_id, payment_id, currency, why, at)
    SELECT 'payment:' || p.id, o.id, c.id, c.team_id, p.id, p.currency, left(p.reason, 200), p.confirmed_at
    FROM payment p JOIN preorder o ON o.id = p.preorder_id JOIN campaign c ON c.id = o.campaign_id
    WHERE p.status = 'confirmed'
    RETURNING id, payment_id
)
INSERT INTO ledger_posting (entry_id, account, amount_minor)
SELECT e.id, side.account, side.sign * p.moved_minor * CASE p.kind WHEN 'charge' THEN 1 ELSE -1 END
FROM entry e JOIN payment p ON p.id = e.payment_id
CROSS JOIN (VALUES ('provider', 1), ('buyers', -1)) AS side (account, sign)
"""


def upgrade() -> None:
    _open_tables()
    _say_how_it_is_paid()
    _say_more_words()
    _open_ledger()
    for table, moves in MOVES.items():
        _watch(table, moves)


def _open_tables() -> None:
    op.create_table(
        "buying_group",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index(op.f("ix_buying_group_campaign_id"), "buying_group", ["campaign_id"], unique=False)
    op.create_table(
        "rescue",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status", _one_of("rescue_status", "offered", "accepted", "refused", "lapsed"), nullable=False
        ),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moves", JSON, nullable=False),
        sa.Column("top_ups", JSON, nullable=False),
        sa.Column("dropped", JSON, nullable=False),
        sa.Column("cost_minor", sa.Integer(), nullable=False),
        sa.CheckConstraint("cost_minor >= 0", name="rescue_cost"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_rescue_campaign_id"), "rescue", ["campaign_id"], unique=False)
    op.create_index(
        "rescue_one_open",
        "rescue",
        ["campaign_id"],
        unique=True,
        postgresql_where=sa.text("status = 'offered'"),
    )
    op.create_table(
        "waiting_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column(
            "status", _one_of("waiting_entry_status", "waiting", "offered", "taken", "lapsed"), nullable=False
        ),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("quantity > 0", name="waiting_entry_quantity"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_waiting_entry_campaign_id"), "waiting_entry", ["campaign_id"], unique=False)
    op.create_table(
        "payment_exception",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column(
            "kind",
            _one_of(
                "payment_exception_kind",
                "late",
                "double",
                "too_little",
                "too_much",
                "external_refund",
                "dispute",
                "refund_failed",
                "unknown",
            ),
            nullable=False,
        ),
        sa.Column("status", _one_of("payment_exception_status", "open", "resolved"), nullable=False),
        sa.Column("preorder_id", sa.Uuid(), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "resolution",
            _one_of("payment_exception_resolution", "refund", "accept", "cancel", "retry", "written_off"),
            nullable=True,
        ),
        sa.CheckConstraint("amount_minor > 0", name="payment_exception_amount"),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"]),
        sa.ForeignKeyConstraint(["preorder_id"], ["preorder.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key", name="payment_exception_once"),
    )
    op.create_index(
        op.f("ix_payment_exception_preorder_id"), "payment_exception", ["preorder_id"], unique=False
    )
    op.create_index(op.f("ix_payment_exception_status"), "payment_exception", ["status"], unique=False)


def _say_how_it_is_paid() -> None:
    op.drop_constraint("preorder_line_sku", "preorder_line", type_="unique")
    op.create_table(
        "dropped_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("preorder_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["preorder_id"], ["preorder.id"]),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_dropped_line_preorder_id"), "dropped_line", ["preorder_id"], unique=False)
    op.add_column("campaign", sa.Column("terms", JSON, nullable=False, server_default='["prepaid"]'))
    op.add_column("campaign", sa.Column("deposit_minor", sa.Integer(), nullable=True))
    op.add_column(
        "campaign",
        sa.Column(
            "deposit_kind", _one_of("campaign_deposit_kind", "forfeitable", "refundable"), nullable=True
        ),
    )
    op.add_column("campaign", sa.Column("balance_days", sa.Integer(), nullable=False, server_default="5"))
    op.add_column(
        "campaign", sa.Column("expected_drop_percent", sa.Integer(), nullable=False, server_default="3")
    )
    op.add_column("campaign", sa.Column("grace_seconds", sa.Integer(), nullable=False, server_default="300"))
    op.add_column("campaign", sa.Column("group_size", sa.Integer(), nullable=True))
    op.add_column("campaign", sa.Column("cap_pieces", sa.Integer(), nullable=True))
    op.add_column("campaign", sa.Column("taken_pieces", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("campaign", sa.Column("later_batches", JSON, nullable=False, server_default="[]"))
    op.add_column(
        "campaign", sa.Column("top_up_limit_minor", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("campaign", sa.Column("extended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("campaign", sa.Column("balance_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "payment",
        sa.Column(
            "purpose",
            _one_of(
                "payment_purpose",
                "full",
                "deposit",
                "balance",
                "difference",
                "no_go",
                "cancelled",
                "surplus",
                "short",
                "compensation",
                "external",
                "dispute",
            ),
            nullable=False,
            server_default="full",
        ),
    )
    op.add_column("payment", sa.Column("moved_minor", sa.Integer(), nullable=True))
    op.alter_column(
        "payment",
        "provider_reference",
        existing_type=sa.VARCHAR(length=80),
        type_=sa.String(length=120),
        existing_nullable=True,
    )
    op.add_column("preorder", sa.Column("language", sa.String(length=2), nullable=False, server_default="zh"))
    op.add_column(
        "preorder",
        sa.Column(
            "terms",
            _one_of("preorder_terms", "prepaid", "deposit", "later"),
            nullable=False,
            server_default="prepaid",
        ),
    )
    op.add_column("preorder", sa.Column("stored_method", sa.String(length=120), nullable=True))
    op.add_column("preorder", sa.Column("pay_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("preorder", sa.Column("group_id", sa.Uuid(), nullable=True))
    op.add_column("preorder", sa.Column("deposit_minor", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(op.f("ix_preorder_group_id"), "preorder", ["group_id"], unique=False)
    op.create_foreign_key("preorder_group_id_fkey", "preorder", "buying_group", ["group_id"], ["id"])
    op.add_column("preorder_line", sa.Column("only_colours", JSON, nullable=False, server_default="[]"))
    op.alter_column("preorder_line", "only_colours", server_default=None)
    op.add_column("preorder_line", sa.Column("chosen_sku_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        "preorder_line_chosen_sku_id_fkey", "preorder_line", "sku", ["chosen_sku_id"], ["id"]
    )
    op.add_column(
        "sandbox_charge",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default="2026-01-01 00:00+00"),
    )
    op.drop_constraint(op.f("sandbox_charge_payment_id_key"), "sandbox_charge", type_="unique")
    op.create_index(op.f("ix_sandbox_charge_payment_id"), "sandbox_charge", ["payment_id"], unique=False)
    op.alter_column("campaign", "terms", server_default=None)
    op.alter_column("campaign", "balance_days", server_default=None)
    op.alter_column("campaign", "expected_drop_percent", server_default=None)
    op.alter_column("campaign", "grace_seconds", server_default=None)
    op.alter_column("campaign", "taken_pieces", server_default=None)
    op.alter_column("campaign", "later_batches", server_default=None)
    op.alter_column("campaign", "top_up_limit_minor", server_default=None)
    op.alter_column("payment", "purpose", server_default=None)
    op.alter_column("preorder", "language", server_default=None)
    op.alter_column("preorder", "terms", server_default=None)
    op.alter_column("preorder", "deposit_minor", server_default=None)
    op.alter_column("sandbox_charge", "at", server_default=None)
    op.execute(
        "UPDATE payment SET purpose = CASE WHEN reason LIKE '%each costs less%' THEN 'difference' ELSE 'no_go' END "
        "WHERE kind = 'refund'"
    )
    op.execute("UPDATE payment SET moved_minor = amount_minor WHERE status = 'confirmed'")
    op.create_check_constraint(
        "campaign_deposit",
        "campaign",
        "(deposit_minor IS NULL) = (deposit_kind IS NULL) AND deposit_minor > 0",
    )
    op.create_check_constraint(
        "campaign_group_size", "campaign", "(kind = 'team_buy') = (group_size IS NOT NULL)"
    )
    op.create_check_constraint("campaign_sizes", "campaign", "group_size > 1 AND cap_pieces > 0")
    op.create_check_constraint(
        "campaign_expected_drop", "campaign", "expected_drop_percent BETWEEN 0 AND 100"
    )
    op.create_check_constraint("campaign_limits", "campaign", "top_up_limit_minor >= 0 AND taken_pieces >= 0")
    op.create_check_constraint("campaign_windows", "campaign", "grace_seconds >= 0 AND balance_days > 0")
    op.create_check_constraint("payment_moved", "payment", "moved_minor > 0")
    op.create_check_constraint(
        "payment_refunds_a_charge", "payment", "(kind = 'refund') = (refunds_id IS NOT NULL)"
    )


def _say_more_words() -> None:
    for (table, column), (before, added) in WORDS.items():
        _closed_list(table, column, (*before, *added))
    _priced("collecting", *PRICED)
    for table, added_moves in CHANGED.items():
        _watch(table, [*_watched(table), *added_moves])


def _open_ledger() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("preorder_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"]),
        sa.ForeignKeyConstraint(["preorder_id"], ["preorder.id"]),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_ledger_entry_campaign", "ledger_entry", ["campaign_id", "at"], unique=False)
    op.create_index(op.f("ix_ledger_entry_payment_id"), "ledger_entry", ["payment_id"], unique=False)
    op.create_index(op.f("ix_ledger_entry_preorder_id"), "ledger_entry", ["preorder_id"], unique=False)
    op.create_index(op.f("ix_ledger_entry_team_id"), "ledger_entry", ["team_id"], unique=False)
    op.create_table(
        "ledger_posting",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column(
            "account",
            _one_of(
                "ledger_posting_account",
                "provider",
                "buyers",
                "sales",
                "forfeits",
                "compensation",
                "fees",
                "losses",
            ),
            nullable=False,
        ),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name="ledger_posting_amount"),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"]),
        sa.PrimaryKeyConstraint("entry_id", "account"),
    )
    op.execute(OPENING)
    op.execute(REFUSE_UNBALANCED)
    for table in ("ledger_entry", "ledger_posting"):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {table}_balances AFTER INSERT ON {table} "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()"
        )


def downgrade() -> None:
    op.drop_table("dropped_line")
    op.create_unique_constraint("preorder_line_sku", "preorder_line", ["preorder_id", "sku_id"])
    op.drop_table("ledger_posting")
    op.drop_table("ledger_entry")
    op.execute("DROP FUNCTION refuse_unbalanced")
    for name in ("campaign_windows", "campaign_limits", "campaign_expected_drop", "campaign_sizes"):
        op.drop_constraint(name, "campaign", type_="check")
    op.drop_constraint("campaign_group_size", "campaign", type_="check")
    op.drop_constraint("campaign_deposit", "campaign", type_="check")
    op.drop_constraint("payment_moved", "payment", type_="check")
    op.drop_constraint("payment_refunds_a_charge", "payment", type_="check")
    for table, added_moves in CHANGED.items():
        _watch(table, [move for move in _watched(table) if move not in added_moves])
    _priced(*PRICED)
    for (table, column), (before, _) in WORDS.items():
        _closed_list(table, column, before)
    op.drop_index(op.f("ix_sandbox_charge_payment_id"), table_name="sandbox_charge")
    op.create_unique_constraint(op.f("sandbox_charge_payment_id_key"), "sandbox_charge", ["payment_id"])
    op.drop_column("sandbox_charge", "at")
    op.drop_constraint("preorder_line_chosen_sku_id_fkey", "preorder_line", type_="foreignkey")
    op.drop_column("preorder_line", "chosen_sku_id")
    op.drop_column("preorder_line", "only_colours")
    op.drop_constraint("preorder_group_id_fkey", "preorder", type_="foreignkey")
    op.drop_index(op.f("ix_preorder_group_id"), table_name="preorder")
    op.drop_column("preorder", "deposit_minor")
    op.drop_column("preorder", "group_id")
    op.drop_column("preorder", "pay_until")
    op.drop_column("preorder", "stored_method")
    op.drop_column("preorder", "terms")
    op.drop_column("preorder", "language")
    op.alter_column(
        "payment",
        "provider_reference",
        existing_type=sa.String(length=120),
        type_=sa.VARCHAR(length=80),
        existing_nullable=True,
    )
    op.drop_column("payment", "moved_minor")
    op.drop_column("payment", "purpose")
    op.drop_column("campaign", "balance_until")
    op.drop_column("campaign", "extended_at")
    op.drop_column("campaign", "top_up_limit_minor")
    op.drop_column("campaign", "later_batches")
    op.drop_column("campaign", "taken_pieces")
    op.drop_column("campaign", "cap_pieces")
    op.drop_column("campaign", "group_size")
    op.drop_column("campaign", "grace_seconds")
    op.drop_column("campaign", "expected_drop_percent")
    op.drop_column("campaign", "balance_days")
    op.drop_column("campaign", "deposit_kind")
    op.drop_column("campaign", "deposit_minor")
    op.drop_column("campaign", "terms")
    op.drop_index(op.f("ix_payment_exception_status"), table_name="payment_exception")
    op.drop_index(op.f("ix_payment_exception_preorder_id"), table_name="payment_exception")
    op.drop_table("payment_exception")
    op.drop_index(op.f("ix_waiting_entry_campaign_id"), table_name="waiting_entry")
    op.drop_table("waiting_entry")
    op.drop_index("rescue_one_open", table_name="rescue", postgresql_where=sa.text("status = 'offered'"))
    op.drop_index(op.f("ix_rescue_campaign_id"), table_name="rescue")
    op.drop_table("rescue")
    op.drop_index(op.f("ix_buying_group_campaign_id"), table_name="buying_group")
    op.drop_table("buying_group")


def _one_of(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)


def _closed_list(table: str, column: str, words: tuple[str, ...]) -> None:
    name = f"{table}_{column}"
    op.drop_constraint(name, table, type_="check")
    op.create_check_constraint(name, table, sa.column(column).in_(words))


def _priced(*states: str) -> None:
    op.drop_constraint("campaign_decided_has_price", "campaign", type_="check")
    listed = ", ".join(f"'{state}'" for state in states)
    op.create_check_constraint(
        "campaign_decided_has_price",
        "campaign",
        f"settled_price_minor IS NOT NULL OR status NOT IN ({listed})",
    )


def _watched(table: str) -> list[str]:
    """The moves that the table's trigger allows as it stands."""
    arguments = op.get_bind().scalar(
        sa.text("SELECT tgargs FROM pg_trigger WHERE tgname = :name"), {"name": f"{table}_moves"}
    )
    return [move.decode() for move in bytes(arguments).split(b"\0") if move]


def _watch(table: str, moves: list[str]) -> None:
    arguments = ", ".join(f"'{move}'" for move in moves)
    op.execute(
        f"CREATE OR REPLACE TRIGGER {table}_moves BEFORE UPDATE OF status ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION refuse_illegal_move({arguments})"
    )
