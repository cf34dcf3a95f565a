"""Plans proposed before the outcome stood beside them get theirs with the migration."""

from dataclasses import asdict

from alembic import command
from sqlalchemy import bindparam, create_engine, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.pool import NullPool

from api.db import driver_url
from api.migrations import alembic_config
from api.services import plan_reading
from planner import Fabric
from planner.baseline import baseline
from tests.planner.cases import lot, tiny

ADDED = text(
    "INSERT INTO plan (id, number, status, requested_at, seconds, seed, day_zero, problem, answer, cost,"
    " stop_requested) VALUES (gen_random_uuid(), 'P-1', 'requested', now(), 5, 7, now(), :problem, :answer,"
    " :cost, false)"
)


def test_an_older_plan_gets_its_outcome_from_what_it_holds(committed: str) -> None:
    cloth = Fabric("cloth", ((0, 30),))
    problem = tiny(fabrics=(cloth,), lots=(lot("D1", "red-M", 20), lot("D2", "red-M", 15, due_day=5)))
    answer = baseline(problem)
    engine = create_engine(driver_url(committed), poolclass=NullPool)
    command.downgrade(alembic_config(committed), "0001")
    with engine.begin() as connection:
        values = {"problem": problem.to_json(), "answer": answer.to_json(), "cost": {}}
        typed = ADDED.bindparams(*(bindparam(name, type_=JSONB) for name in values))
        connection.execute(typed, values)
    command.upgrade(alembic_config(committed), "head")
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT outcome FROM plan")).scalar_one()
    assert kept == asdict(plan_reading.outcome(problem, answer))
    assert (kept["pieces"], kept["late"], kept["unfilled"]) == (35, 15, 5)
