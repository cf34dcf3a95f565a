"""What was promised, for good, and what became of promises that could not be kept"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
DELAY_MOVES = ("open > accepted", "open > refused", "open > lapsed")

# The original is written by the database, so that no way of writing pre-orders can leave it out.
KEEP_ORIGINAL = """
CREATE FUNCTION keep_original_promise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO promise (preorder_id, kind, from_on, by_on, given_by, reason, at)
    SELECT id, 'original', promise_from_on, promise_by_on, 'system', 'given with the order', placed_at
    FROM placed ORDER BY number;
    RETURN NULL;
END $$
"""
REFUSE_SILENT = """
CREATE FUNCTION refuse_silent_promise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM promise p WHERE p.preorder_id = NEW.id
        AND (p.from_on, p.by_on) = (NEW.promise_from_on, NEW.promise_by_on)
    ) THEN
        RAISE EXCEPTION 'pre-order %: a promise moves only with a row that says why', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "promise",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("preorder_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _one_of("promise_kind", "original", "revised"), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("by_on", sa.Date(), nullable=False),
        sa.Column("given_by", sa.String(length=240), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("from_on <= by_on", name="promise_range"),
        sa.ForeignKeyConstraint(["preorder_id"], ["preorder.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_promise_preorder_id"), "promise", ["preorder_id"], unique=False)
    op.execute(
        "INSERT INTO promise (preorder_id, kind, from_on, by_on, given_by, reason, at) "
        "SELECT id, 'original', promise_from_on, promise_by_on, 'system', 'given with the order', placed_at "
        "FROM preorder ORDER BY number"
    )
    op.execute(KEEP_ORIGINAL)
    op.execute(
        "CREATE TRIGGER preorder_original_promise AFTER INSERT ON preorder REFERENCING NEW TABLE AS placed "
        "FOR EACH STATEMENT EXECUTE FUNCTION keep_original_promise()"
    )
    op.execute(REFUSE_SILENT)
    op.execute(
        "CREATE TRIGGER preorder_promise_said BEFORE UPDATE OF promise_from_on, promise_by_on ON preorder "
        "FOR EACH ROW EXECUTE FUNCTION refuse_silent_promise()"
    )
    op.execute(
        "CREATE TRIGGER promise_append_only BEFORE UPDATE OR DELETE ON promise "
        "FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()"
    )
    _keep_delays()


def _keep_delays() -> None:
    op.create_table(
        "delay",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("preorder_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _one_of("delay_kind", "first", "second", "indefinite"), nullable=False),
        sa.Column("status", _one_of("delay_status", "open", "accepted", "refused", "lapsed"), nullable=False),
        sa.Column("jurisdiction", _one_of("delay_jurisdiction", "cn", "eu", "us"), nullable=False),
        sa.Column("old_by_on", sa.Date(), nullable=False),
        sa.Column("new_on", sa.Date(), nullable=True),
        sa.Column("choices", JSON, nullable=False),
        sa.Column("silence", _one_of("delay_silence", "consent", "refund", "stands"), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("final_on", sa.Date(), nullable=True),
        sa.CheckConstraint("(kind = 'indefinite') = (new_on IS NULL)", name="delay_day"),
        sa.CheckConstraint("new_on > old_by_on", name="delay_later"),
        sa.ForeignKeyConstraint(["preorder_id"], ["preorder.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_delay_preorder_id"), "delay", ["preorder_id"], unique=False)
    op.create_index(op.f("ix_delay_status"), "delay", ["status"], unique=False)
    op.create_index(
        "delay_one_open",
        "delay",
        ["preorder_id"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    arguments = ", ".join(f"'{move}'" for move in DELAY_MOVES)
    op.execute(
        "CREATE TRIGGER delay_moves BEFORE UPDATE OF status ON delay "
        f"FOR EACH ROW EXECUTE FUNCTION refuse_illegal_move({arguments})"
    )


def downgrade() -> None:
    op.drop_table("delay")
    op.execute("DROP TRIGGER preorder_promise_said ON preorder")
    op.execute("DROP TRIGGER preorder_original_promise ON preorder")
    op.execute("DROP FUNCTION refuse_silent_promise")
    op.execute("DROP FUNCTION keep_original_promise")
    op.drop_table("promise")


def _one_of(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)
