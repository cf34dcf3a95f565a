"""What a cycle hears of a real Odoo where people work on other things too."""

from erp_bridge import Mode, Pieces, Pull
from tests.erp_bridge.sides import OdooSide, make_order, push_one

OWN_LINE, SUBCONTRACT = Mode.OWN_LINE, Mode.SUBCONTRACT


def test_scrapped_pieces_are_reported_beside_those_made_and_scrapped_cloth_is_not(
    odoo_side: OdooSide, reference: str
) -> None:
    gateway = odoo_side.gateway()
    push_one(gateway, make_order(reference, OWN_LINE, quantities=(10,)))
    odoo_side.report(reference, {"TEE-NAVY-M": 10})
    before = gateway.pull([reference])
    assert before.progress[0].scrapped == ()
    (row,) = odoo_side.productions(reference)
    odoo_side.scrap(row["id"], "TEE-NAVY-M", 2)
    odoo_side.scrap(row["id"], "JERSEY-NAVY", 1)
    (progress,) = gateway.pull([reference], before.watermark).progress
    assert progress.done == (Pieces("TEE-NAVY-M", 10),)
    assert progress.scrapped == (Pieces("TEE-NAVY-M", 2),)


def test_changes_of_orders_nobody_asked_about_move_the_watermark_only(
    odoo_side: OdooSide, reference: str
) -> None:
    gateway = odoo_side.gateway()
    mine, other = f"{reference}-1", f"{reference}-2"
    gateway.push([make_order(mine, OWN_LINE), make_order(other, SUBCONTRACT)])
    watermark = gateway.pull([mine]).watermark
    odoo_side.report(other, {"TEE-NAVY-M": 4})
    changed = gateway.pull([f"{reference}-3"], watermark)
    assert changed == Pull((), changed.watermark)
    assert changed.watermark >= watermark


def test_a_change_of_nothing_but_the_purchase_order_is_heard_of(odoo_side: OdooSide, reference: str) -> None:
    gateway = odoo_side.gateway()
    push_one(gateway, make_order(reference, SUBCONTRACT))
    watermark = gateway.pull([reference]).watermark
    (purchase,) = odoo_side.purchases(reference)
    odoo_side.odoo["purchase.order"].write(ids=[purchase["id"]], vals={"origin": "asked by phone"})
    assert [each.reference for each in gateway.pull([reference], watermark).progress] == [reference]
