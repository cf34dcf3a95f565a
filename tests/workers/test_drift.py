"""Differences with a real Odoo 19, from the edit to the desk, and our answers back into Odoo."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from api.domain.drift import LIVE, Decision, Drift, DriftKind, DriftStatus
from api.domain.member import Member, Role
from api.domain.outbox import OutboxMessage
from api.domain.plan import Run, RunStatus
from api.domain.production import OrderMode
from api.services import campaign_close, drift_answers, drift_decisions, plan_approval
from api.settings import settings
from erp_bridge.client import Odoo
from erp_bridge.mapping import to_text
from tests import servers
from tests.factories import make_member, make_preorder, make_world
from tests.services.test_planning import CLOSED, proposed
from workers import drift as desk
from workers import erp, gateways
from workers.outbox import NobodyThere, now

MEDIUM = "TEE-INDIGO-M"
TAKE, KEEP = Decision.TAKE, Decision.KEEP
WEEK = timedelta(days=7)


@dataclass
class Floor:
    """The platform before an Odoo of its own database, and a person who works in that Odoo."""

    session: Session
    odoo: Odoo
    run: Run = field(init=False)

    def release(self, mode: OrderMode = OrderMode.OWN_LINE, pieces: tuple[int, ...] = (4, 3)) -> Run:
        """A run for pre-orders of so many pieces stands in Odoo."""
        world = make_world(self.session)
        for quantity in pieces:
            make_preorder(self.session, lines=[(MEDIUM, quantity)])
        campaign_close.close(self.session, world.campaign.id, at=CLOSED)
        world.own.mode = mode
        plan = proposed(self.session, make_member(self.session, Role.PLANNER))
        plan_approval.approve(
            self.session, plan.number, member=make_member(self.session, Role.ADMIN), at=CLOSED
        )
        self.session.flush()
        self.run = self.session.exec(select(Run)).one()
        assert erp.push_runs([{"run_id": str(self.run.id)}]) == [None]
        self.session.expire_all()
        assert self.look() == []
        return self.run

    def look(self) -> list[tuple[str, str, str]]:
        """Kind, ours and theirs of what waits for a person after one cycle."""
        desk.look(full=False)
        self.session.expire_all()
        return [(each.kind.value, each.ours, each.theirs) for each in self.open()]

    def open(self) -> list[Drift]:
        query = select(Drift).where(Drift.status == DriftStatus.OPEN).order_by(col(Drift.kind), Drift.part)
        return list(self.session.exec(query).all())

    def decide(self, decision: Decision, kind: DriftKind | None = None) -> None:
        """A planner settles the one difference, and the worker says to Odoo what there is to say, twice."""
        (found,) = [each for each in self.open() if kind in (None, each.kind)]
        planner = self.session.exec(select(Member).where(Member.role == Role.PLANNER)).one()
        at = now()
        drift_decisions.decide(self.session, found.id, decision, reason="as agreed", member=planner, at=at)
        self.session.commit()
        for _ in range(2):
            self.tell()

    def tell(self) -> None:
        topic = col(OutboxMessage.topic) == drift_answers.KEEP_OURS
        for message in self.session.exec(select(OutboxMessage).where(topic)).all():
            desk.keep_ours(**message.payload)
        self.session.expire_all()

    def productions(self, reference: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.odoo["mrp.production"].search_read(
            domain=[("reference_ids.name", "=", reference)],
            fields=["name", "state", "product_qty", "date_finished", "date_deadline"],
            order="id",
        )
        return rows

    def purchase(self, reference: str) -> dict[str, Any]:
        rows: list[dict[str, Any]] = self.odoo["purchase.order"].search_read(
            domain=[("name", "=", reference)], fields=["state", "order_line", "picking_ids"]
        )
        (row,) = rows
        return row


@pytest.fixture
def floor(session: Session, odoo: servers.Odoo) -> Iterator[Floor]:
    os.environ |= {
        "ODOO_URL": odoo.url,
        "ODOO_DB": odoo.db,
        "ODOO_API_KEY": odoo.api_key,
        "ODOO_MASTER_DATA_KEY": odoo.master_data_key,
    }
    settings.cache_clear()
    gateways.odoo.cache_clear()
    desk._seen = desk._Seen()
    # What a test did in Odoo stays there: no number of another test comes again.
    session.execute(text("SELECT setval('run_number', greatest(nextval('run_number'), 500000))"))
    with Odoo(odoo.url, odoo.db, odoo.master_data_key) as person:
        yield Floor(session, person)
    gateways.odoo().close()
    gateways.odoo.cache_clear()


def change_quantity(floor: Floor, quantity: int) -> None:
    wizard = floor.odoo["change.production.qty"]
    (production,) = floor.productions(floor.run.reference)
    made = wizard.create(vals_list=[{"mo_id": production["id"], "product_qty": quantity}])
    wizard.change_prod_qty(ids=made)


def test_a_quantity_edited_in_odoo_is_taken_and_the_next_look_is_quiet(floor: Floor) -> None:
    run = floor.release()
    change_quantity(floor, 5)
    assert floor.look() == [("quantity", "7", "5")]
    assert floor.open()[0].touched_by
    floor.decide(TAKE)
    assert floor.look() == []
    assert (run.revision, len(floor.productions(run.reference))) == (1, 1)


def test_our_quantity_is_kept_by_a_new_revision_that_stands_there_once(floor: Floor) -> None:
    run = floor.release()
    before = run.reference
    change_quantity(floor, 5)
    floor.look()
    floor.decide(KEEP)
    assert [row["state"] for row in floor.productions(before)] == ["cancel"]
    (made,) = floor.productions(f"{before}-2")
    assert (made["state"], made["product_qty"]) == ("confirmed", 7)
    assert run.documents == [f"{before}-2/{MEDIUM}"]
    assert floor.look() == []
    assert floor.session.exec(select(Drift.status)).all() == [DriftStatus.GONE]


def test_our_day_is_kept_by_writing_it_there(floor: Floor) -> None:
    run = floor.release()
    (production,) = floor.productions(run.reference)
    later = to_text(now() + 20 * WEEK)
    floor.odoo["mrp.production"].write(ids=[production["id"]], vals={"date_finished": later})
    assert [kind for kind, *_ in floor.look()] == ["date"]
    floor.decide(KEEP)
    (production,) = floor.productions(run.reference)
    assert production["date_finished"][:10] == run.finish_on.isoformat()
    assert floor.look() == []


@pytest.mark.parametrize("decision", [TAKE, KEEP])
def test_a_run_cancelled_in_odoo_ends_here_or_is_sent_again(floor: Floor, decision: Decision) -> None:
    run = floor.release()
    before = run.reference
    (production,) = floor.productions(before)
    floor.odoo["mrp.production"].action_cancel(ids=[production["id"]])
    assert floor.look() == [("state", "confirmed", "cancelled")]
    floor.decide(decision)
    kept = decision == KEEP
    assert run.status == (RunStatus.RELEASED if kept else RunStatus.CANCELLED)
    assert len(floor.productions(f"{before}-2")) == kept
    assert floor.look() == []


def test_a_deleted_order_is_sent_anew_under_another_reference_once(floor: Floor) -> None:
    run = floor.release()
    before = run.reference
    (production,) = floor.productions(before)
    floor.odoo["mrp.production"].action_cancel(ids=[production["id"]])
    floor.odoo["mrp.production"].unlink(ids=[production["id"]])
    assert floor.look() == [("missing", "confirmed", "missing")]
    floor.decide(KEEP)
    assert floor.productions(before) == []
    assert [row["state"] for row in floor.productions(f"{before}-2")] == ["confirmed"]
    assert floor.look() == []


def test_a_purchase_order_whose_quantity_was_edited_is_cancelled_and_sent_anew(floor: Floor) -> None:
    run = floor.release(OrderMode.SUBCONTRACT)
    before = run.reference
    lines = floor.purchase(before)["order_line"]
    floor.odoo["purchase.order.line"].write(ids=lines, vals={"product_qty": 9})
    assert ("quantity", "7", "9") in floor.look()
    floor.decide(KEEP, DriftKind.QUANTITY)
    assert floor.purchase(before)["state"] == "cancel"
    again = floor.purchase(f"{before}-2")
    assert again["state"] == "purchase"
    wanted = floor.odoo["purchase.order.line"].read(ids=again["order_line"], fields=["product_qty"])
    assert [line["product_qty"] for line in wanted] == [7]
    assert floor.look() == []


def test_a_copy_made_by_hand_is_withdrawn_and_ours_stays(floor: Floor) -> None:
    run = floor.release()
    (production,) = floor.productions(run.reference)
    copy = floor.odoo["mrp.production"].copy(ids=[production["id"]])
    floor.odoo["mrp.production"].action_confirm(ids=copy)
    assert floor.look() == [("unknown", "0", "7")]
    floor.decide(KEEP)
    states = sorted(row["state"] for row in floor.productions(run.reference))
    assert states == ["cancel", "confirmed"]
    assert floor.look() == []


def test_what_odoo_refuses_waits_for_a_person_again_in_its_words(floor: Floor) -> None:
    run = floor.release()
    before = run.reference
    change_quantity(floor, 5)
    (production,) = floor.productions(before)
    floor.odoo["mrp.production"].write(ids=[production["id"]], vals={"qty_producing": 2})
    assert ("quantity", "7", "5") in floor.look()
    floor.decide(KEEP, DriftKind.QUANTITY)
    (found,) = [each for each in floor.open() if each.kind == DriftKind.QUANTITY]
    assert "cannot be cancelled" in found.words
    assert run.reference == before


def test_while_odoo_does_not_answer_our_answer_waits(floor: Floor, nowhere: str) -> None:
    floor.release()
    change_quantity(floor, 5)
    floor.look()
    os.environ["ODOO_URL"] = nowhere
    settings.cache_clear()
    gateways.odoo().close()
    gateways.odoo.cache_clear()
    with pytest.raises(NobodyThere):
        floor.decide(KEEP)
    floor.session.expire_all()
    (kept,) = floor.session.exec(select(Drift).where(col(Drift.status).in_(LIVE))).all()
    assert (kept.status, kept.awaits_erp) == (DriftStatus.KEPT, True)


def test_a_cycle_looks_and_lets_the_rules_speak(floor: Floor) -> None:
    run = floor.release()
    (production,) = floor.productions(run.reference)
    floor.odoo["mrp.production"].action_cancel(ids=[production["id"]])
    desk._seen.watermark = long_ago = "2020-01-01 00:00:00"
    desk.find_drift()
    assert desk._seen.watermark > long_ago
    floor.session.expire_all()
    (found,) = floor.open()
    found.found_at -= WEEK
    floor.session.commit()
    desk.find_drift()
    floor.session.expire_all()
    assert (found.status, run.status) == (DriftStatus.TAKEN, RunStatus.CANCELLED)
