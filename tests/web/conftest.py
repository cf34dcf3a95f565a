from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import Session

from api.domain.member import Role
from api.domain.team import Team
from tests.factories import PASSWORD, World, make_member, make_world


@pytest.fixture
def world(session: Session) -> World:
    """A world with a member in every role: two in the team, one in another, one in a factory."""
    world = make_world(session)
    for role in (Role.BUYER, Role.STOCK):
        make_member(session, role, team=world.team)
    for role in (Role.PLANNER, Role.ADMIN):
        make_member(session, role)
    make_member(session, Role.FACTORY, factory=world.own)
    other = Team(code="birch", name="Team Birch")
    session.add(other)
    session.flush()
    make_member(session, Role.DESIGNER, team=other)
    session.flush()
    return world


@pytest.fixture
def as_(
    world: World, client: TestClient, new_client: Callable[[], TestClient]
) -> Callable[[str], TestClient]:
    """A browser in which the member of that name has signed in."""
    del world, client

    def signed_in(name: str) -> TestClient:
        browser = new_client()
        typed = {"email": f"{name}@counterflow.example", "password": PASSWORD}
        assert browser.post("/console/sign-in", data=typed).status_code == 303
        return browser

    return signed_in


def text(answer: Response, status: int = 200) -> str:
    assert answer.status_code == status, answer.text
    return answer.text
