"""What buyers are told, and the audit's chain"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())


def upgrade() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("from_transaction", sa.BigInteger(), nullable=False),
        sa.Column("to_transaction", sa.BigInteger(), nullable=False),
        sa.Column("leaves", JSON, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("from_transaction < to_transaction", name="audit_seal_span"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "notice_preference",
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("channels", JSON, nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("wechat_openid", sa.String(length=64), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("email"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("preorder_id", sa.Uuid(), nullable=True),
        sa.Column("about", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("link", sa.String(length=400), nullable=False),
        sa.Column("leave_link", sa.String(length=400), nullable=True),
        sa.Column("addresses", JSON, nullable=False),
        sa.Column("day_told", sa.Date(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["preorder_id"], ["preorder.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_notice_preorder_id"), "notice", ["preorder_id"], unique=False)
    op.create_table(
        "notice_delivery",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("channel", _one_of("notice_delivery_channel", "email", "sms", "wechat"), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.CheckConstraint("sent_at IS NULL OR failed_at IS NULL", name="notice_delivery_end"),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"]),
        sa.PrimaryKeyConstraint("notice_id", "channel"),
    )
    op.add_column(
        "audit_entry",
        sa.Column(
            "written_in",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text::bigint)"),
            nullable=False,
        ),
    )
    op.create_index("ix_audit_entry_written_in", "audit_entry", ["written_in", "id"], unique=False)

    op.execute(
        "CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE ON audit_seal "
        "FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()"
    )
    op.execute(  # a retention rule may delete what nobody may rewrite
        "CREATE TRIGGER notice_as_rendered BEFORE UPDATE ON notice "
        "FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()"
    )


def downgrade() -> None:
    op.drop_index("ix_audit_entry_written_in", table_name="audit_entry")
    op.drop_column("audit_entry", "written_in")
    op.drop_table("notice_delivery")
    op.drop_index(op.f("ix_notice_preorder_id"), table_name="notice")
    op.drop_table("notice")
    op.drop_table("notice_preference")
    op.drop_table("audit_seal")


def _one_of(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)
