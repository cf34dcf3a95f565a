from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_bridge import ErpFactory, ErpProduct, Mode, Pieces, ProgressState
from erp_bridge.mapping import (
    external_id,
    from_productions,
    from_purchase,
    to_bom,
    to_manufacturing_orders,
    to_moment,
    to_pieces,
    to_price,
    to_purchase_order,
    to_text,
    to_work_center,
)
from tests.erp_bridge.sides import make_order

PRODUCTS = {"TEE-NAVY-M": 7, "TEE-NAVY-L": 8}
BY_ID = {7: "TEE-NAVY-M", 8: "TEE-NAVY-L"}


def production(state: str, made: float = 0, *, product: int = 7, **fields: Any) -> dict[str, Any]:
    return {
        "name": "R-1/TEE-NAVY-M",
        "state": state,
        "product_id": product,
        "qty_producing": made,
        "date_finished": "2027-01-15 09:00:00",
        "date_deadline": "2027-01-15 09:00:00",
        "write_date": "2027-01-02 00:00:00",
        **fields,
    }


def purchase(state: str = "purchase", receipt_status: str | None = "pending") -> dict[str, Any]:
    return {
        "name": "R-1",
        "state": state,
        "receipt_status": receipt_status or False,
        "date_planned": "2027-01-15 09:00:00",
        "write_date": "2027-01-02 00:00:00",
    }


def purchase_line(received: float) -> dict[str, Any]:
    return {
        "order_id": 1,
        "product_id": 7,
        "qty_received": received,
        "write_date": "2027-01-03 00:00:00",
    }


@given(st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_moment_comes_back_from_odoo_to_the_second(moment: datetime) -> None:
    assert to_moment(to_text(moment)) == moment.replace(microsecond=0)


def test_a_moment_of_another_zone_is_written_in_utc() -> None:
    shanghai = datetime(2027, 1, 15, 8, tzinfo=timezone(timedelta(hours=8)))
    assert to_text(shanghai) == "2027-01-15 00:00:00"


@given(st.integers(min_value=0, max_value=10**9))
def test_whole_pieces_come_back_as_they_went(pieces: int) -> None:
    assert to_pieces(float(pieces)) == pieces


def test_half_a_shirt_is_no_shirt() -> None:
    assert to_pieces(3.5) == 3
    assert to_pieces(0.1 + 0.2 + 2.7) == 3


@given(st.integers(min_value=0, max_value=10**12), st.sampled_from([0, 2, 3]))
def test_a_price_loses_no_minor_unit(minor: int, places: int) -> None:
    assert round(to_price(minor, places) * 10**places) == minor


def test_different_codes_never_share_an_external_id() -> None:
    codes = ["R-1", "R_1", "R 1", "R.1", "R/1", "R%201"]
    ids = {external_id("sku", code) for code in codes}
    assert len(ids) == len(codes)
    assert not any(" " in each for each in ids)


def test_scrapped_pieces_count_and_scrapped_cloth_does_not() -> None:
    scraps = [
        {"production_id": 1, "product_id": 7, "scrap_qty": 2.0, "write_date": "2027-01-20 00:00:00"},
        {"production_id": 1, "product_id": 99, "scrap_qty": 1.5, "write_date": "2027-01-19 00:00:00"},
    ]
    progress = from_productions("R-1", [production("done", 10)], BY_ID, scraps)
    assert progress.scrapped == (Pieces("TEE-NAVY-M", 2),)
    assert progress.changed_at == to_moment("2027-01-20 00:00:00")


def test_each_sku_becomes_a_manufacturing_order_with_a_name_only_it_can_have() -> None:
    values = to_manufacturing_orders(make_order("R-1", Mode.OWN_LINE), work_center_id=4, products=PRODUCTS)
    assert [each["name"] for each in values] == ["R-1/TEE-NAVY-M", "R-1/TEE-NAVY-L"]
    assert [each["product_qty"] for each in values] == [10, 6]
    assert {each["origin"] for each in values} == {"NINGBO NINGBO-1"}


def test_a_purchase_order_states_its_head_once_and_a_price_on_each_line() -> None:
    order = make_order("R-1", Mode.SUBCONTRACT)
    columns, rows = to_purchase_order(order, partner_id=3, currency_id=5, decimal_places=2, products=PRODUCTS)
    first, second = (dict(zip(columns, row, strict=True)) for row in rows)
    assert (first["name"], first["partner_id/.id"], first["order_line/price_unit"]) == ("R-1", "3", "12.5")
    assert (second["name"], second["partner_id/.id"], second["order_line/price_unit"]) == ("", "", "12.5")
    assert first["order_line/id"] != second["order_line/id"]


def test_fabric_goes_into_a_bill_of_materials_in_metres() -> None:
    product = ErpProduct("TEE-NAVY-M", "Tee", "JERSEY", 125)
    bom = to_bom(product, "subcontract", product_id=7, template_id=6, fabric_id=9, firm_ids=[3, 4])
    assert bom["bom_line_ids/product_qty"] == "1.25"
    assert bom["subcontractor_ids/.id"] == "3,4"


def test_a_work_center_carries_the_code_of_its_line() -> None:
    factory = ErpFactory("NINGBO", "Ningbo Knit", Mode.OWN_LINE, lines=("NINGBO-1",))
    assert to_work_center(factory, "NINGBO-1") == {"name": "Ningbo Knit NINGBO-1", "code": "NINGBO-1"}


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["draft"], ProgressState.WAITING),
        (["confirmed", "draft"], ProgressState.WAITING),
        (["confirmed"], ProgressState.CONFIRMED),
        (["confirmed", "progress"], ProgressState.STARTED),
        (["confirmed", "to_close"], ProgressState.STARTED),
        (["confirmed", "done"], ProgressState.STARTED),
        (["done", "done"], ProgressState.DONE),
        (["done", "cancel"], ProgressState.DONE),
        (["cancel", "cancel"], ProgressState.CANCELLED),
    ],
)
def test_an_order_is_as_far_as_its_manufacturing_orders(states: list[str], expected: ProgressState) -> None:
    assert from_productions("R-1", [production(state) for state in states], BY_ID).state is expected


def test_pieces_of_backorders_add_up_and_those_of_a_cancelled_rest_do_not() -> None:
    rows = [production("done", 4), production("progress", 2), production("cancel", 3)]
    assert dict(from_productions("R-1", rows, BY_ID).done) == {"TEE-NAVY-M": 6}


def test_a_deadline_outlives_the_end_that_starting_to_produce_resets() -> None:
    row = production("progress", 1, date_finished="2027-01-11 01:00:00")
    assert from_productions("R-1", [row], BY_ID).expected_finish_at == datetime(2027, 1, 15, 9, tzinfo=UTC)


def test_an_order_done_early_finished_when_it_did() -> None:
    row = production("done", 10, date_finished="2027-01-12 00:00:00")
    assert from_productions("R-1", [row], BY_ID).expected_finish_at == datetime(2027, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "receipt_status", "received", "making", "expected"),
    [
        ("draft", None, 0, [], ProgressState.WAITING),
        ("to approve", None, 0, [], ProgressState.WAITING),
        ("purchase", "pending", 0, ["confirmed"], ProgressState.CONFIRMED),
        ("purchase", "pending", 0, ["progress"], ProgressState.STARTED),
        ("purchase", "partial", 4, ["done", "confirmed"], ProgressState.STARTED),
        ("purchase", "full", 10, ["done"], ProgressState.DONE),
        ("cancel", "full", 4, ["done"], ProgressState.DONE),
        ("cancel", None, 0, [], ProgressState.CANCELLED),
    ],
)
def test_a_purchase_is_as_far_as_its_receipts_and_what_is_being_made(
    state: str, receipt_status: str | None, received: float, making: list[str], expected: ProgressState
) -> None:
    progress = from_purchase(
        purchase(state, receipt_status),
        [purchase_line(received)],
        [],
        [{**production(each), "name": "WH/SBC/1"} for each in making],
        BY_ID,
    )
    assert progress.state is expected
    assert dict(progress.done) == {"TEE-NAVY-M": received}


def test_the_open_receipt_says_when_the_rest_will_come() -> None:
    done = {
        "name": "WH/IN/1",
        "origin": "R-1",
        "state": "done",
        "scheduled_date": "2027-01-15 09:00:00",
        "date_done": "2027-01-10 00:00:00",
        "write_date": "2027-01-10 00:00:00",
    }
    rest = {**done, "state": "assigned", "scheduled_date": "2027-01-20 00:00:00", "date_done": False}
    early = from_purchase(purchase(), [purchase_line(4)], [done, rest], [], BY_ID)
    assert early.expected_finish_at == datetime(2027, 1, 20, tzinfo=UTC)
    late = from_purchase(purchase(receipt_status="full"), [purchase_line(10)], [done], [], BY_ID)
    assert late.expected_finish_at == datetime(2027, 1, 10, tzinfo=UTC)
    assert late.changed_at == datetime(2027, 1, 10, tzinfo=UTC)
