from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from api.domain.allocation import Shortfall, ShortfallStatus
from api.domain.audit import AuditEntry
from api.domain.drift import Drift, DriftRule, DriftStatus, RuleName
from api.domain.member import Member, Role
from api.domain.plan import Run, RunStatus
from api.domain.preorder import Preorder, PreorderStatus
from api.services import campaign_close, drift, erp_sync, plan_approval
from erp_bridge import ErpReference, Pieces, Progress, ProgressState
from erp_bridge.holdings import HeldPieces, Holding, Touch
from tests.factories import World, make_preorder
from tests.fixtures import Clock
from tests.services.test_planning import CLOSED, proposed
from tests.web.conftest import text

Browse = Callable[[str], TestClient]
MEDIUM = "TEE-INDIGO-M"


@pytest.fixture
def run(session: Session, world: World, clock: Clock) -> Run:
    """A released run for pre-orders of 4 and 2 pieces."""
    for minute, quantity in enumerate((4, 2)):
        make_preorder(
            session, lines=[(MEDIUM, quantity)], at=CLOSED - timedelta(hours=2) + timedelta(minutes=minute)
        )
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    planner = session.exec(select(Member).where(Member.role == Role.PLANNER)).one()
    plan_approval.approve(session, proposed(session, planner).number, member=planner, at=CLOSED)
    session.flush()
    run = session.exec(select(Run)).one()
    erp_sync.mark_released(
        session,
        run.id,
        ErpReference(run.number, ("MO/1",), created=True),
        channel=world.own.channel,
        at=CLOSED,
    )
    session.commit()
    clock.at = CLOSED
    return run


def look(
    session: Session, run: Run, *, pieces: int = 6, state: ProgressState = ProgressState.CONFIRMED
) -> Drift:
    """The one difference that a look finds when somebody in the ERP changed the order."""
    order = erp_sync.erp_order(session, run)
    touch = Touch("Wang <Fang>", CLOSED)
    held = HeldPieces(MEDIUM, pieces, ended=False, merged=False, touch=touch)
    holding = Holding(run.reference, state, (held,), order.finish_at, (order.line,), touch=touch)
    drift.note(session, [holding], looked_at=CLOSED, at=CLOSED)
    session.commit()
    return session.exec(select(Drift).where(Drift.status == DriftStatus.OPEN)).one()


def short(session: Session, run: Run, made: int) -> list[Shortfall]:
    erp_sync.apply(session, Progress(run.reference, ProgressState.DONE, (Pieces(MEDIUM, made),)), at=CLOSED)
    session.commit()
    return list(session.exec(select(Shortfall).order_by(Shortfall.preorder_number)).all())


def test_a_difference_needs_the_planner_once_and_leads_to_its_page(
    as_: Browse, session: Session, run: Run
) -> None:
    found = look(session, run, pieces=4)
    browser = as_("planner")
    page = text(browser.get("/console"))
    assert page.count(f'href="/console/drift/{found.id}"') == 1
    assert f"Run {run.number} stands otherwise in the ERP: {MEDIUM} 4 pieces." in page
    assert f'href="/console/drift/{found.id}"' in text(browser.get("/console/drift"))


def test_ours_theirs_who_and_what_taking_theirs_would_cost_stand_on_the_page(
    as_: Browse, session: Session, run: Run
) -> None:
    found = look(session, run, pieces=4)
    page = text(as_("planner").get(f"/console/drift/{found.id}"))
    last = session.exec(select(Preorder.number).order_by(Preorder.number)).all()[-1]
    for words in ("6 pieces", "4 pieces", "Wang &lt;Fang&gt;", f"1 would wait for a plan again: {last}"):
        assert words in page
    assert f"as {run.number}-2" in page


@pytest.mark.parametrize(
    ("decision", "after"),
    [("take", DriftStatus.TAKEN), ("keep", DriftStatus.KEPT), ("leave", DriftStatus.LEFT)],
)
def test_a_planner_decides_with_a_reason_that_stands_in_the_audit(
    as_: Browse, session: Session, run: Run, decision: str, after: DriftStatus
) -> None:
    found = look(session, run, pieces=4)
    browser, address = as_("planner"), f"/console/drift/{found.id}"
    assert 'aria-invalid="true"' in text(browser.post(address, data={"decision": decision}), 422)
    answer = browser.post(address, data={"decision": decision, "reason": "Wang agrees"})
    assert answer.headers["location"] == "/console/drift"
    session.refresh(found)
    assert (found.status, found.words) == (after, "Wang agrees")
    entry = session.exec(select(AuditEntry).where(AuditEntry.after == after.value)).one()
    assert (entry.actor, entry.why) == ("planner:planner@counterflow.example", "Wang agrees")
    assert "Wang agrees" in text(browser.get("/console/drift"))
    text(browser.get(address))


def test_what_was_decided_is_not_decided_again(as_: Browse, session: Session, run: Run) -> None:
    found = look(session, run, state=ProgressState.CANCELLED)
    browser, typed = as_("planner"), {"decision": "take", "reason": "Wang agrees"}
    assert browser.post(f"/console/drift/{found.id}", data=typed).status_code == 303
    assert 'role="alert"' in text(browser.post(f"/console/drift/{found.id}", data=typed), 409)
    session.refresh(run)
    assert run.status == RunStatus.CANCELLED
    assert "6 confirmed pieces wait for a plan." in text(browser.get("/console"))


def test_a_rule_is_switched_by_form_and_a_wrong_one_is_refused(
    as_: Browse, session: Session, run: Run
) -> None:
    del run
    browser, address = as_("planner"), "/console/drift/rules/within_promise"
    assert browser.post(address, data={"enabled": "1", "after_hours": "2"}).status_code == 303
    rule = session.get_one(DriftRule, RuleName.WITHIN_PROMISE)
    session.refresh(rule)
    assert (rule.enabled, rule.after_hours) == (True, 2)
    assert 'aria-invalid="true"' in text(browser.post(address, data={"after_hours": "9999"}), 422)


def test_the_desk_is_for_those_who_decide(as_: Browse, session: Session, run: Run) -> None:
    found = look(session, run, pieces=4)
    browser = as_("stock")
    typed = {"decision": "take", "reason": "Wang agrees"}
    assert str(found.id) not in text(browser.get("/console/drift"))
    assert browser.get(f"/console/drift/{found.id}").status_code == 403
    assert browser.post(f"/console/drift/{found.id}", data=typed).status_code == 403
    assert browser.post("/console/drift/rules/within_promise", data={"after_hours": "1"}).status_code == 403
    assert as_("planner").get(f"/console/drift/{run.id}").status_code == 404
    assert "stands otherwise" not in text(browser.get("/console"))


def test_a_short_run_needs_its_team_until_each_pre_order_is_settled(
    as_: Browse, session: Session, run: Run
) -> None:
    first, second = short(session, run, made=3)
    browser = as_("stock")
    assert "ended 3 pieces short: refund or recut for 2 pre-orders." in text(browser.get("/console"))
    page = text(browser.get(f"/console/runs/{run.number}"))
    assert "earliest_paid/1" in page
    here = f"/console/runs/{run.number}/short"
    assert browser.post(f"{here}/{first.id}/recut").status_code == 303
    assert browser.post(f"{here}/{second.id}/refund").status_code == 303
    for settled, status in ((first, ShortfallStatus.RECUT), (second, ShortfallStatus.REFUNDED)):
        session.refresh(settled)
        assert settled.status == status
    assert browser.post(f"{here}/{second.id}/refund").status_code == 409
    assert "pieces short" not in text(browser.get("/console"))
    assert "1 confirmed piece waits for a plan." in text(browser.get("/console"))
    statuses = session.exec(select(Preorder.status).order_by(Preorder.number)).all()
    assert statuses == [PreorderStatus.IN_PRODUCTION, PreorderStatus.CANCELLED]


def test_another_teams_member_sees_a_short_run_and_settles_nothing(
    as_: Browse, session: Session, run: Run
) -> None:
    (lacking,) = short(session, run, made=5)
    browser = as_("designer")
    assert "/refund" not in text(browser.get(f"/console/runs/{run.number}"))
    assert browser.post(f"/console/runs/{run.number}/short/{lacking.id}/refund").status_code == 403


def test_overs_stand_on_the_runs_page_at_their_cost(as_: Browse, session: Session, run: Run) -> None:
    assert short(session, run, made=8) == []
    page = text(as_("buyer").get(f"/console/runs/{run.number}"))
    assert "For the stock of the team" in page
    assert "¥60.00" in page
