"""What people do to our orders in a real Odoo shows in the next look, with who did it."""

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from erp_bridge import ErpOrder, ErpRejected, Mode, ProgressState
from erp_bridge.holdings import DriftKind, compare
from erp_bridge.mapping import to_text
from erp_bridge.odoo import OdooGateway
from tests.erp_bridge.conftest import OdooServer
from tests.erp_bridge.sides import FINISH, START, OdooSide, make_order, push_one

OWN_LINE, SUBCONTRACT = Mode.OWN_LINE, Mode.SUBCONTRACT
MEDIUM, LARGE = "TEE-NAVY-M", "TEE-NAVY-L"
LATER = FINISH + timedelta(days=9)


class Desk:
    """Orders sent by the bridge, somebody with other rights who edits them, and what the next look finds."""

    def __init__(self, gateway: OdooGateway, person: OdooSide) -> None:
        self.gateway, self.person, self.odoo = gateway, person, person.odoo
        self._watermark = ""

    def sent(self, reference: str, mode: Mode, quantities: Collection[int] = (10, 6)) -> ErpOrder:
        """An order that stands in Odoo without a difference, after a first look."""
        order = make_order(reference, mode, quantities)
        push_one(self.gateway, order)
        assert self.found(order) == []
        return order

    def found(self, *orders: ErpOrder, full: bool = False) -> list[tuple[str, str, str, str]]:
        """Kind, part, ours and theirs of everything one cycle finds."""
        return [(each.kind.value, each.part, each.ours, each.theirs) for each in self.look(orders, full=full)]

    def look(self, orders: Sequence[ErpOrder], *, full: bool = False) -> list[Any]:
        held = self.gateway.holdings(orders, "" if full else self._watermark)
        self._watermark = held.watermark
        by_reference = {order.reference: order for order in orders}
        return [each for one in held.holdings for each in compare(by_reference[one.reference], one)]

    def production(self, reference: str, sku: str = MEDIUM) -> int:
        return int(self.odoo["mrp.production"].search(domain=[("name", "=", f"{reference}/{sku}")])[0])

    def change_quantity(self, production: int, quantity: int) -> None:
        model = self.odoo["change.production.qty"]
        wizard = model.create(vals_list=[{"mo_id": production, "product_qty": quantity}])
        model.change_prod_qty(ids=wizard)

    def merge(self, *productions: int) -> str:
        """The name of the one order that Odoo makes of several."""
        made = self.odoo["mrp.production"].action_merge(ids=[*productions])["res_id"]
        return str(self.odoo["mrp.production"].read(ids=[made], fields=["name"])[0]["name"])


@pytest.fixture
def desk(prepared: OdooServer, odoo_side: OdooSide) -> Iterator[Desk]:
    person = OdooSide(prepared.url, prepared.db, prepared.master_data_key)
    gateway = odoo_side.gateway()
    assert isinstance(gateway, OdooGateway)
    yield Desk(gateway, person)
    person.close()


# ---------------------------------------------------------------- our own lines


def test_a_quantity_changed_by_hand_names_the_sku_and_who_did_it(desk: Desk, reference: str) -> None:
    order = desk.sent(reference, OWN_LINE)
    desk.change_quantity(desk.production(reference), 8)
    (difference,) = desk.look([order])
    assert (difference.kind, difference.part) == (DriftKind.QUANTITY, MEDIUM)
    assert (difference.ours, difference.theirs) == ("10", "8")
    (me,) = desk.odoo["res.users"].read(ids=[desk.odoo["res.users"].context_get()["uid"]], fields=["name"])
    assert difference.touch.by == me["name"]
    assert difference.touch.at is not None


def test_a_difference_is_there_in_every_look_until_it_is_gone(desk: Desk, reference: str) -> None:
    order = desk.sent(reference, OWN_LINE)
    desk.change_quantity(desk.production(reference), 8)
    assert desk.found(order) == desk.found(order) == [("quantity", MEDIUM, "10", "8")]
    desk.change_quantity(desk.production(reference), 10)
    assert desk.found(order) == []


def test_a_day_moved_by_hand_is_a_difference_and_an_hour_is_none(desk: Desk, reference: str) -> None:
    order = desk.sent(reference, OWN_LINE, (10,))
    model, production = desk.odoo["mrp.production"], desk.production(reference)
    model.write(ids=[production], vals={"date_finished": to_text(FINISH + timedelta(hours=3))})
    assert desk.found(order) == []
    model.write(ids=[production], vals={"date_finished": to_text(LATER)})
    assert desk.found(order) == [("date", "", "2027-01-15", "2027-01-24")]
    model.write(ids=[production], vals={"date_finished": to_text(FINISH - timedelta(days=2))})
    assert desk.found(order) == [("date", "", "2027-01-15", "2027-01-13")]


def test_an_order_cancelled_by_hand_and_one_sku_of_it_are_told_apart(desk: Desk, reference: str) -> None:
    order = desk.sent(reference, OWN_LINE)
    medium, large = desk.production(reference), desk.production(reference, LARGE)
    desk.odoo["mrp.production"].action_cancel(ids=[medium])
    assert desk.found(order) == [("quantity", MEDIUM, "10", "0")]
    desk.odoo["mrp.production"].action_cancel(ids=[large])
    assert desk.found(order) == [("state", "", "confirmed", "cancelled")]


def test_a_deleted_order_is_found_in_the_next_cycle_though_nothing_was_written(
    desk: Desk, reference: str
) -> None:
    order = desk.sent(reference, OWN_LINE)
    medium, large = desk.production(reference), desk.production(reference, LARGE)
    for production in (medium, large):
        desk.odoo["mrp.production"].action_cancel(ids=[production])
        desk.odoo["mrp.production"].unlink(ids=[production])
        expected = "missing" if production == large else "quantity"
        assert [kind for kind, *_ in desk.found(order)] == [expected]


def test_an_order_moved_to_another_line_is_found(desk: Desk, reference: str) -> None:
    order = desk.sent(reference, OWN_LINE, (10,))
    other = desk.odoo["mrp.workcenter"].search(domain=[("code", "=", "NINGBO-2")])[0]
    works = desk.odoo["mrp.workorder"].search(domain=[("production_id", "=", desk.production(reference))])
    desk.odoo["mrp.workorder"].write(ids=works, vals={"workcenter_id": other})
    assert ("place", "", "NINGBO-1", "NINGBO-2") in desk.found(order)


def test_a_split_is_no_difference_until_its_pieces_do_not_add_up(desk: Desk, reference: str) -> None:
    order = desk.sent(reference, OWN_LINE, (9,))
    model = desk.odoo["mrp.production.split"]
    parts = [(0, 0, {"quantity": 3, "date": to_text(START)})] * 3
    wizard = {"production_id": desk.production(reference), "production_detailed_vals_ids": parts}
    model.action_split(ids=model.create(vals_list=[wizard]))
    assert desk.found(order) == []
    first = desk.odoo["mrp.production"].search(domain=[("name", "=", f"{reference}/{MEDIUM}-001")])[0]
    desk.change_quantity(first, 5)
    assert ("quantity", MEDIUM, "9", "11") in desk.found(order)


def test_a_backorder_that_renames_the_order_is_no_difference(desk: Desk, reference: str) -> None:
    order = desk.sent(reference, OWN_LINE)
    desk.person.report(reference, {MEDIUM: 4})
    names = {row["name"] for row in desk.person.productions(reference)}
    assert f"{reference}/{MEDIUM}-001" in names
    assert desk.found(order) == []
    desk.person.report(reference, {MEDIUM: 6, LARGE: 6})
    assert desk.found(order) == []


def test_a_copy_that_carries_our_reference_is_unknown_to_us_and_can_be_withdrawn(
    desk: Desk, reference: str
) -> None:
    order = desk.sent(reference, OWN_LINE, (10,))
    copy = desk.odoo["mrp.production"].copy(ids=[desk.production(reference)])[0]
    desk.odoo["mrp.production"].action_confirm(ids=[copy])
    (name,) = [row["name"] for row in desk.odoo["mrp.production"].read(ids=[copy], fields=["name"])]
    assert desk.found(order) == [("unknown", name, "0", "10")]
    for _ in range(2):
        desk.gateway.withdraw(reference, name, reason="A copy of an order we sent")
    assert desk.found(order) == []
    assert desk.person.orders(reference) == 1


def test_what_we_sent_ourselves_is_not_withdrawn_as_a_copy(desk: Desk, reference: str) -> None:
    desk.sent(reference, OWN_LINE, (10,))
    with pytest.raises(ErpRejected, match="itself"):
        desk.gateway.withdraw(reference, f"{reference}/{MEDIUM}", reason="Not so")


def test_a_merged_order_belongs_to_both_by_what_each_wanted(desk: Desk, reference: str) -> None:
    first, second = (desk.sent(f"{reference}-{n}", OWN_LINE, (made,)) for n, made in ((1, 10), (2, 5)))
    desk.merge(*(desk.production(order.reference) for order in (first, second)))
    found = desk.found(first, second)
    assert [kind for kind, *_ in found if kind != "date"] == []


def test_a_merged_order_whose_sum_was_changed_is_shared_out_and_nothing_counts_twice(
    desk: Desk, reference: str
) -> None:
    first, second = (desk.sent(f"{reference}-{n}", OWN_LINE, (made,)) for n, made in ((1, 10), (2, 5)))
    name = desk.merge(*(desk.production(order.reference) for order in (first, second)))
    merged = desk.odoo["mrp.production"].search(domain=[("name", "=", name)])[0]
    desk.change_quantity(merged, 12)
    found = [each for each in desk.found(first, second) if each[0] != "date"]
    assert found == [("merged", MEDIUM, "10", "8"), ("merged", MEDIUM, "5", "4")]


def test_a_merged_order_made_in_two_parts_still_adds_up_for_each(desk: Desk, reference: str) -> None:
    first, second = (desk.sent(f"{reference}-{n}", OWN_LINE, (made,)) for n, made in ((1, 11), (2, 5)))
    desk.merge(*(desk.production(order.reference) for order in (first, second)))
    desk.person.report(first.reference, {MEDIUM: 8})  # 8 and 8: half a piece of each part is the second's
    assert [each for each in desk.found(first, second) if each[0] != "date"] == []


def test_an_order_merged_twice_belongs_to_all_by_what_each_wanted(desk: Desk, reference: str) -> None:
    orders = [desk.sent(f"{reference}-{n}", OWN_LINE, (made,)) for n, made in ((1, 10), (2, 5), (3, 7))]
    first, second, third = (desk.production(order.reference) for order in orders)
    name = desk.merge(first, second)
    merged = desk.odoo["mrp.production"].search(domain=[("name", "=", name)])[0]
    desk.merge(merged, third)
    assert [each for each in desk.found(*orders) if each[0] != "date"] == []


def test_pieces_made_under_a_merged_order_count_once_and_none_of_the_runs_is_cancelled_alone(
    desk: Desk, reference: str
) -> None:
    first, second = (desk.sent(f"{reference}-{n}", OWN_LINE, (made,)) for n, made in ((1, 10), (2, 5)))
    name = desk.merge(*(desk.production(order.reference) for order in (first, second)))
    merged = desk.odoo["mrp.production"].search(domain=[("name", "=", name)])
    desk.odoo["mrp.production"].write(ids=merged, vals={"qty_producing": 7})
    progress = desk.gateway.pull([first.reference, second.reference]).progress
    assert [dict(each.done) for each in progress] == [{MEDIUM: 5}, {MEDIUM: 2}]
    with pytest.raises(ErpRejected, match="in one order with another"):
        desk.gateway.cancel(first.reference, reason="Not needed")


# ---------------------------------------------------------------- firms outside


def test_a_purchase_lines_quantity_changed_by_hand_is_found(desk: Desk, reference: str) -> None:
    order = desk.sent(reference, SUBCONTRACT)
    (purchase,) = desk.person.purchases(reference)
    line = desk.odoo["purchase.order.line"].search(
        domain=[("order_id", "=", purchase["id"]), ("product_id.default_code", "=", MEDIUM)]
    )
    desk.odoo["purchase.order.line"].write(ids=line, vals={"product_qty": 14})
    assert ("quantity", MEDIUM, "10", "14") in desk.found(order)


def test_a_receipt_that_was_moved_is_another_day(desk: Desk, reference: str) -> None:
    order = desk.sent(reference, SUBCONTRACT)
    (receipt,) = desk.person.receipts(reference)
    desk.odoo["stock.picking"].write(ids=[receipt["id"]], vals={"scheduled_date": to_text(LATER)})
    assert desk.found(order) == [("date", "", "2027-01-15", "2027-01-24")]


def test_a_purchase_order_cancelled_then_made_a_draft_then_deleted_is_found_each_time(
    desk: Desk, reference: str
) -> None:
    order = desk.sent(reference, SUBCONTRACT)
    (purchase,) = desk.person.purchases(reference)
    model = desk.odoo["purchase.order"]
    model.button_cancel(ids=[purchase["id"]])
    assert desk.found(order) == [("state", "", "confirmed", "cancelled")]
    model.button_draft(ids=[purchase["id"]])
    assert ("state", "", "confirmed", "waiting") in desk.found(order)
    model.button_cancel(ids=[purchase["id"]])
    model.unlink(ids=[purchase["id"]])
    assert desk.found(order) == [("missing", "", "confirmed", "missing")]


def test_a_renamed_purchase_order_is_found_by_what_ties_it_to_us(desk: Desk, reference: str) -> None:
    order = desk.sent(reference, SUBCONTRACT)
    (purchase,) = desk.person.purchases(reference)
    desk.odoo["purchase.order"].write(ids=[purchase["id"]], vals={"name": f"OLD {reference}"})
    assert desk.found(order) == []


def test_a_second_purchase_order_with_our_number_as_its_source_is_unknown_to_us_and_can_be_withdrawn(
    desk: Desk, reference: str
) -> None:
    order = desk.sent(reference, SUBCONTRACT)
    (purchase,) = desk.person.purchases(reference)
    model = desk.odoo["purchase.order"]
    copy = model.copy(ids=[purchase["id"]], default={"origin": reference})[0]
    (name,) = [row["name"] for row in model.read(ids=[copy], fields=["name"])]
    assert desk.found(order) == [("unknown", name, "0", "16")]
    desk.gateway.withdraw(reference, name, reason="A copy of an order we sent")
    assert desk.found(order) == []


def test_a_purchase_order_given_to_another_firm_is_found(desk: Desk, reference: str) -> None:
    order = desk.sent(reference, SUBCONTRACT)
    (purchase,) = desk.person.purchases(reference)
    (firm,) = desk.odoo["res.partner"].create(vals_list=[{"name": "Braga Sewing", "ref": "BRAGA"}])
    desk.odoo["purchase.order"].write(ids=[purchase["id"]], vals={"partner_id": firm})
    assert desk.found(order, full=True) == [("place", "", "PORTO", "BRAGA")]


# ---------------------------------------------------------------- looks


def test_a_look_since_a_watermark_hands_back_only_what_changed(desk: Desk, reference: str) -> None:
    order = desk.sent(reference, OWN_LINE)
    tomorrow = to_text(START + timedelta(days=365))
    assert desk.gateway.holdings([order], tomorrow).holdings == ()
    assert desk.gateway.holdings([order]).holdings[0].state is ProgressState.CONFIRMED


def test_nothing_is_asked_about_nothing(desk: Desk) -> None:
    assert desk.gateway.holdings([]).holdings == ()
