"""What becomes of the pieces of a plan, beside it: a list of plans reads no problem and no answer"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(none_as_null=True)
PLAN = sa.table(
    "plan",
    sa.column("id", sa.Uuid()),
    sa.column("problem", JSONB),
    sa.column("answer", JSONB),
    sa.column("cost", JSONB),
    sa.column("outcome", JSONB),
)


def upgrade() -> None:
    op.add_column("plan", sa.Column("outcome", JSONB, nullable=True))
    connection = op.get_bind()
    answered = PLAN.c.answer.is_not(None) & PLAN.c.cost.is_not(None)
    for plan_id in connection.scalars(sa.select(PLAN.c.id).where(answered)).all():
        query = sa.select(PLAN.c.problem, PLAN.c.answer).where(PLAN.c.id == plan_id)
        problem, answer = connection.execute(query).one()
        found = _outcome(problem, answer)
        connection.execute(sa.update(PLAN).where(PLAN.c.id == plan_id).values(outcome=found))


def downgrade() -> None:
    op.drop_column("plan", "outcome")


def _outcome(problem: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """As the application counted it at this revision."""
    lots = {lot["id"]: lot for lot in problem["lots"]}
    shipping = {factory["id"]: factory["shipping"] for factory in problem["factories"]}
    ways = {line["id"]: shipping[line["factory"]] for line in problem["lines"]}
    made = late = 0
    for run in answer["runs"]:
        ready = (run["bucket"] + 1) * problem["bucket_days"] - 1
        for piece in run["pieces"]:
            lot = lots[piece["lot"]]
            made += piece["quantity"]
            if ready + ways[run["line"]][lot["region"]]["lead_days"] > lot["due_day"]:
                late += piece["quantity"]
    wanted = sum(lot["quantity"] for lot in lots.values())
    return {
        "runs": len(answer["runs"]),
        "pieces": wanted,
        "on_time": made - late,
        "late": late,
        "unfilled": wanted - made,
        "lower_bound": answer["lower_bound"],
    }
