"""Each decision on price, plan and refund is in the audit with its actor and reason; anyone may verify it."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from api.db import transaction
from api.domain.member import Role
from api.services import audit, audit_chain, campaign_close, payments, plan_approval
from tests.factories import PASSWORD, make_member, make_preorder, make_world
from tests.fixtures import TODAY
from tests.services.test_planning import CLOSED, proposed


def steps(session: Session, noun: str, subject: str) -> list[tuple[str, str, str]]:
    session.flush()
    return [(entry.after, entry.actor, entry.why) for entry in audit.history(session, noun, subject)]


def test_the_settled_price_stands_in_the_audit(session: Session) -> None:
    world = make_world(session)
    make_preorder(session, lines=[("TEE-INDIGO-M", 10)])
    campaign_close.close(session, world.campaign.id, at=world.campaign.closes_at)
    decided = steps(session, "campaign", "tee")[-1]
    assert decided == ("decided", "system", "10 paid pieces, price_minor 18000 CNY")


def test_a_refund_stands_in_the_audit_with_its_reason(session: Session) -> None:
    world = make_world(session)
    preorder = make_preorder(session)
    campaign_close.close(session, world.campaign.id, at=world.campaign.closes_at)
    (refund,) = [p for p in payments.of_preorder(session, preorder.id) if p.kind == "refund"]
    assert steps(session, "payment", refund.name_for_people) == [
        ("requested", "system", "the campaign ended with 1 of 5 pieces")
    ]


def test_an_approved_plan_stands_in_the_audit_with_who_approved_it(session: Session) -> None:
    world = make_world(session)
    make_preorder(session, lines=[("TEE-INDIGO-M", 6)])
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    session.flush()
    planner = make_member(session, Role.PLANNER)
    plan = proposed(session, planner)
    plan_approval.approve(session, plan.number, member=planner, at=CLOSED)
    assert steps(session, "plan", plan.number)[-1] == ("approved", planner.actor, "approved")


def signed_in(browser: TestClient, role: str) -> TestClient:
    typed = {"email": f"{role}@counterflow.example", "password": PASSWORD}
    assert browser.post("/console/sign-in", data=typed).status_code == 303
    return browser


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("finance", 200), ("planner", 403)])
def test_who_has_the_right_verifies_the_audit_over_the_api(
    session: Session, new_client: Callable[[], TestClient], role: str, status: int
) -> None:
    make_member(session, Role(role))
    session.flush()
    assert new_client().get("/api/audit/verify").status_code == 401
    answer = signed_in(new_client(), role).get("/api/audit/verify")
    assert answer.status_code == status
    if status == 200:
        assert (answer.json()["whole"], answer.json()["wrong"]) == (True, None)


def verify_by_command(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "api.cli", "audit", "verify", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))


def test_the_command_says_that_the_audit_is_whole_or_what_is_wrong(committed: str) -> None:
    del committed
    with transaction() as session:
        make_world(session)
    with transaction() as session:
        made = audit_chain.seal(session, at=TODAY)
    assert made is not None
    whole = verify_by_command("--expect", made.digest)
    assert (whole.returncode, whole.stdout.splitlines()[1]) == (0, f"head {made.digest}")
    cut = verify_by_command("--expect", "0" * 64)
    assert cut.returncode == 1
    assert "0" * 64 in cut.stderr
