from fastapi.testclient import TestClient
from sqlmodel import Session

import planner
from api.domain.member import Role
from api.services import plans
from tests.factories import PASSWORD, make_member
from tests.fixtures import Clock
from tests.services.test_plan_review import HOUR, answered
from tests.services.test_planning import CLOSED, decided


def test_a_plan_is_asked_for_from_scratch_and_its_record_holds_what_it_began_from(
    client: TestClient, session: Session, clock: Clock
) -> None:
    decided(session)
    who = make_member(session, Role.PLANNER)
    first = answered(session, who)
    session.commit()
    clock.at = CLOSED + HOUR
    assert client.post("/api/sessions", json={"email": who.email, "password": PASSWORD}).status_code == 204
    asked = [client.post("/api/plans", json={"seconds": 5, **more}) for more in ({}, {"from_scratch": True})]
    assert [one.status_code for one in asked] == [202, 202]
    assert [one.json()["from_scratch"] for one in asked] == [False, True]
    for one, begun_from in zip(asked, (first.number, None), strict=True):
        number = one.json()["number"]
        plans.start(session, plans.get_by_number(session, number).id, at=CLOSED + HOUR)
        session.commit()
        assert client.get(f"/api/plans/{number}").json()["begun_from"] == begun_from
        before = client.get(f"/api/plans/{number}/record").json()["before"]
        expected = planner.Plan.from_json(first.answer).runs if begun_from else None
        assert (planner.Plan.from_json(before).runs if before else None) == expected
