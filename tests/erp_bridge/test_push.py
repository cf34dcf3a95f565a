"""What a pushed order looks like in a real Odoo, and what people there may do to it before we come again."""

from dataclasses import replace

import pytest

from erp_bridge import ErpOrderLine, ErpRejected, Mode, ProgressState
from erp_bridge.mapping import external_id, to_text
from erp_bridge.own_line import find_productions
from erp_bridge.push import _batches
from tests.erp_bridge.sides import FINISH, START, OdooSide, make_order, push_one

OWN_LINE, SUBCONTRACT = Mode.OWN_LINE, Mode.SUBCONTRACT


def test_orders_share_a_call_as_long_as_their_lines_fit_and_a_large_one_goes_alone() -> None:
    small = [make_order(f"R-{number}", OWN_LINE) for number in range(4)]
    large = replace(small[0], lines=tuple(ErpOrderLine(f"TEE-{number}", 1) for number in range(7)))
    batches = _batches([small[0], small[1], small[2], large, small[3]], lines_a_call=4)
    assert [[len(order.lines) for order in batch] for batch in batches] == [[2, 2], [2], [7], [2]]
    assert [*_batches([], lines_a_call=4)] == []


def test_a_run_on_an_own_line_is_a_manufacturing_order_for_each_sku(
    odoo_side: OdooSide, reference: str
) -> None:
    push_one(odoo_side.gateway(), make_order(reference, OWN_LINE, quantities=(10, 6)))
    rows = odoo_side.productions(reference)
    assert {row["name"]: row["product_qty"] for row in rows} == {
        f"{reference}/TEE-NAVY-M": 10,
        f"{reference}/TEE-NAVY-L": 6,
    }
    assert {row["date_finished"] for row in rows} == {to_text(FINISH)}


def test_a_manufacturing_order_takes_fabric_and_stands_on_its_line(
    odoo_side: OdooSide, reference: str
) -> None:
    push_one(odoo_side.gateway(), make_order(reference, OWN_LINE, quantities=(10,)))
    (row,) = odoo_side.productions(reference)
    (fabric,) = odoo_side.odoo["stock.move"].read(ids=row["move_raw_ids"], fields=["product_uom_qty"])
    (work,) = odoo_side.odoo["mrp.workorder"].read(ids=row["workorder_ids"], fields=["workcenter_id"])
    assert fabric["product_uom_qty"] == 12.5
    assert work["workcenter_id"][1] == "Ningbo Knit NINGBO-1"


def test_a_run_at_a_firm_outside_is_a_purchase_order_with_a_receipt_and_the_work_behind_it(
    odoo_side: OdooSide, reference: str
) -> None:
    gateway = odoo_side.gateway()
    push_one(gateway, make_order(reference, SUBCONTRACT))
    (purchase,) = odoo_side.purchases(reference)
    lines = odoo_side.odoo["purchase.order.line"].read(
        ids=purchase["order_line"], fields=["product_qty", "price_unit"]
    )
    assert sorted((line["product_qty"], line["price_unit"]) for line in lines) == [(6, 12.5), (10, 12.5)]
    (progress,) = gateway.pull([reference]).progress
    assert [name[:6] for name in progress.documents[1:]] == ["WH/IN/", "WH/SBC", "WH/SBC"]


def test_drafts_left_by_a_client_that_died_are_confirmed_by_the_next(
    odoo_side: OdooSide, reference: str
) -> None:
    order = make_order(reference, OWN_LINE)
    product = odoo_side.odoo["product.product"].search(domain=[("default_code", "=", "TEE-NAVY-M")])[0]
    shared = odoo_side.odoo["stock.reference"].load(
        fields=["id", "name"], data=[[external_id("reference", reference), reference]]
    )
    odoo_side.odoo["mrp.production"].create(
        vals_list=[
            {
                "name": f"{reference}/TEE-NAVY-M",
                "product_id": product,
                "product_qty": 10,
                "reference_ids": [(4, shared[0])],
            }
        ]
    )
    assert not push_one(odoo_side.gateway(), order).created
    assert [row["state"] for row in odoo_side.productions(reference)] == ["confirmed"]


def test_a_split_order_is_found_again_and_its_parts_add_up(odoo_side: OdooSide, reference: str) -> None:
    gateway = odoo_side.gateway()
    order = make_order(reference, OWN_LINE, quantities=(9,))
    push_one(gateway, order)
    (row,) = odoo_side.productions(reference)
    split = odoo_side.odoo["mrp.production.split"].create(
        vals_list=[
            {
                "production_id": row["id"],
                "production_detailed_vals_ids": [(0, 0, {"quantity": 3, "date": to_text(START)})] * 3,
            }
        ]
    )
    odoo_side.odoo["mrp.production.split"].action_split(ids=split)
    assert len(odoo_side.productions(reference)) == 3
    assert not push_one(gateway, order).created
    odoo_side.report(reference, {"TEE-NAVY-M": 3})
    (progress,) = gateway.pull([reference]).progress
    assert (progress.state, dict(progress.done)) == (ProgressState.STARTED, {"TEE-NAVY-M": 3})


def test_orders_whose_shared_reference_was_taken_away_are_still_found_by_their_group(
    odoo_side: OdooSide, reference: str
) -> None:
    gateway = odoo_side.gateway()
    push_one(gateway, make_order(reference, OWN_LINE))
    ids = [row["id"] for row in odoo_side.productions(reference)]
    odoo_side.odoo["mrp.production"].write(ids=ids, vals={"reference_ids": [(5,)]})
    assert not push_one(gateway, make_order(reference, OWN_LINE)).created
    assert len(find_productions(odoo_side.odoo, reference)) == 2


def test_an_order_someone_changed_in_odoo_is_not_changed_back(odoo_side: OdooSide, reference: str) -> None:
    gateway = odoo_side.gateway()
    push_one(gateway, make_order(reference, SUBCONTRACT))
    (receipt,) = odoo_side.receipts(reference)
    later = "2027-02-01 00:00:00"
    odoo_side.odoo["stock.picking"].write(ids=[receipt["id"]], vals={"scheduled_date": later})
    push_one(gateway, make_order(reference, SUBCONTRACT))
    (progress,) = gateway.pull([reference]).progress
    assert progress.expected_finish_at is not None
    assert to_text(progress.expected_finish_at) == later


def test_work_begun_by_the_firm_outside_shows_before_anything_is_received(
    odoo_side: OdooSide, reference: str
) -> None:
    gateway = odoo_side.gateway()
    push_one(gateway, make_order(reference, SUBCONTRACT))
    before = gateway.pull([reference])
    (receipt,) = odoo_side.receipts(reference)
    ids = odoo_side.odoo["mrp.production"].search(domain=[("origin", "=", receipt["name"])])
    odoo_side.odoo["mrp.production"].write(ids=ids[:1], vals={"qty_producing": 2})
    (progress,) = gateway.pull([reference], before.watermark).progress
    assert progress.state is ProgressState.STARTED
    assert not any(pieces.quantity for pieces in progress.done)
    with pytest.raises(ErpRejected, match="cannot be cancelled"):
        gateway.cancel(reference, reason="Too late")


def test_a_line_odoo_does_not_know_is_refused_by_its_code(odoo_side: OdooSide, reference: str) -> None:
    order = replace(make_order(reference, OWN_LINE), line="NINGBO-9")
    with pytest.raises(ErpRejected, match="no work center with the code NINGBO-9"):
        push_one(odoo_side.gateway(), order)


def test_a_firm_odoo_does_not_know_is_refused_by_its_code(odoo_side: OdooSide, reference: str) -> None:
    order = replace(make_order(reference, SUBCONTRACT), factory="NOWHERE")
    with pytest.raises(ErpRejected, match="no partner with the code NOWHERE"):
        push_one(odoo_side.gateway(), order)


def test_a_currency_odoo_does_not_know_is_refused(odoo_side: OdooSide, reference: str) -> None:
    with pytest.raises(ErpRejected, match="no currency XYZ"):
        push_one(odoo_side.gateway(), replace(make_order(reference, SUBCONTRACT), currency="XYZ"))


def test_an_order_odoo_refuses_is_found_out_among_a_batch_and_stops_no_other(
    odoo_side: OdooSide, reference: str
) -> None:
    orders = [make_order(f"{reference}-{each}", OWN_LINE) for each in "1234"]
    product = odoo_side.odoo["product.product"].search(domain=[("default_code", "=", "TEE-NAVY-M")])[0]
    (foreign,) = odoo_side.odoo["mrp.production"].create(vals_list=[{"product_id": product}])
    taken = f"{orders[2].reference}/TEE-NAVY-M"
    odoo_side.odoo["mrp.production"].write(ids=[foreign], vals={"name": taken})
    answers = odoo_side.gateway().push(orders)
    assert [isinstance(answers[order.reference], ErpRejected) for order in orders] == [
        False,
        False,
        True,
        False,
    ]
    assert "must be unique" in str(answers[orders[2].reference])
    assert [len(odoo_side.productions(order.reference)) for order in orders] == [2, 2, 0, 2]


def test_an_order_odoo_will_not_confirm_stays_in_draft_and_the_others_are_confirmed(
    odoo_side: OdooSide, reference: str
) -> None:
    orders = [make_order(f"{reference}-{each}", SUBCONTRACT) for each in "123"]
    other, bad, last = (order.reference for order in orders)
    odoo_side.draft_purchase(bad)
    answers = odoo_side.gateway().push(orders)
    assert isinstance(answers[bad], ErpRejected)
    assert [row["state"] for row in odoo_side.purchases(bad)] == ["draft"]
    for name in (other, last):
        assert [row["state"] for row in odoo_side.purchases(name)] == ["purchase"]


def test_a_purchase_order_someone_renamed_is_found_and_neither_made_again_nor_rewritten(
    odoo_side: OdooSide, reference: str
) -> None:
    gateway = odoo_side.gateway()
    push_one(gateway, make_order(reference, SUBCONTRACT))
    (purchase,) = odoo_side.purchases(reference)
    renamed = f"{reference} PORTO"
    odoo_side.odoo["purchase.order"].write(ids=[purchase["id"]], vals={"name": renamed})
    answer = push_one(gateway, make_order(reference, SUBCONTRACT))
    assert (answer.created, answer.documents) == (False, (renamed,))
    gateway.cancel(reference, reason="The campaign failed")
    assert [row["state"] for row in odoo_side.purchases(renamed)] == ["cancel"]


def test_a_cancelled_order_says_why_in_its_history(odoo_side: OdooSide, reference: str) -> None:
    gateway = odoo_side.gateway()
    push_one(gateway, make_order(reference, OWN_LINE, quantities=(10,)))
    (row,) = odoo_side.productions(reference)
    gateway.cancel(reference, reason="Campaign 41 was decided no-go")
    said = odoo_side.odoo["mail.message"].search_count(
        domain=[("res_id", "=", row["id"]), ("model", "=", "mrp.production"), ("body", "ilike", "no-go")]
    )
    assert said == 1
