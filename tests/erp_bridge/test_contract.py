"""What every implementation of the port promises: our own order book, a folder of files, a real Odoo."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier

import pytest

from erp_bridge import (
    ErpOrderLine,
    ErpProduct,
    ErpReference,
    ErpRejected,
    ErpUnavailable,
    Gateway,
    Mode,
    Pieces,
    Progress,
    ProgressState,
    Pull,
)
from erp_bridge.catalogue import Finding, Noun, Trouble, findings
from tests.erp_bridge.sides import FINISH, MASTER_DATA, SKUS, START, Side, make_order, push_one


@pytest.fixture(params=list(Mode))
def mode(request: pytest.FixtureRequest) -> Mode:
    chosen: Mode = request.param
    return chosen


def progress_of(gateway: Gateway, reference: str) -> Progress:
    (progress,) = gateway.pull([reference]).progress
    return progress


def test_an_order_pushed_stands_there_confirmed_with_its_dates(
    side: Side, reference: str, mode: Mode
) -> None:
    pushed = push_one(side.gateway(), make_order(reference, mode))
    assert pushed.reference == reference
    assert pushed.created
    side.accept(reference)
    progress = progress_of(side.gateway(), reference)
    assert progress.state is ProgressState.CONFIRMED
    assert progress.expected_finish_at == FINISH
    assert progress.done == (Pieces("TEE-NAVY-L", 0), Pieces("TEE-NAVY-M", 0))


def test_an_order_pushed_twice_is_found_once(side: Side, reference: str, mode: Mode) -> None:
    gateway = side.gateway()
    first = push_one(gateway, make_order(reference, mode))
    standing = side.orders(reference)
    second = push_one(gateway, make_order(reference, mode))
    assert second == replace(first, created=False)
    assert side.orders(reference) == standing


def test_two_clients_that_race_create_each_order_once(side: Side, reference: str, mode: Mode) -> None:
    """Their batches overlap, as after a lease that ended too early."""
    names = [f"{reference}-{each}" for each in "123"]
    start = Barrier(2)

    def push(mine: tuple[Gateway, list[str]]) -> dict[str, ErpReference | ErpRejected]:
        gateway, wanted = mine
        start.wait()
        while True:
            try:
                return gateway.push([make_order(name, mode) for name in wanted])
            except ErpUnavailable:
                continue  # two transactions collided in the ERP: it asked us to come back

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(push, [(side.gateway(), names[:2]), (side.gateway(), names[::-1])]))
    alone = f"{reference}-alone"
    push_one(side.gateway(), make_order(alone, mode))
    for name in names:
        told = [each[name] for each in answers if name in each]
        assert sum(isinstance(each, ErpReference) and each.created for each in told) <= 1
        assert not any(isinstance(each, ErpRejected) for each in told)
        assert side.orders(name) == side.orders(alone)
        side.accept(name)
        assert progress_of(side.gateway(), name).state is ProgressState.CONFIRMED


def test_pieces_booked_come_back_short_first_and_then_in_full(side: Side, reference: str, mode: Mode) -> None:
    gateway = side.gateway()
    push_one(gateway, make_order(reference, mode, quantities=(10, 6)))
    side.report(reference, {"TEE-NAVY-M": 4})
    progress = progress_of(gateway, reference)
    assert progress.state is ProgressState.STARTED
    assert dict(progress.done) == {"TEE-NAVY-M": 4, "TEE-NAVY-L": 0}
    side.report(reference, {"TEE-NAVY-M": 6, "TEE-NAVY-L": 6})
    progress = progress_of(gateway, reference)
    assert progress.state is ProgressState.DONE
    assert dict(progress.done) == {"TEE-NAVY-M": 10, "TEE-NAVY-L": 6}


def test_a_late_repeat_after_a_partial_booking_creates_nothing(
    side: Side, reference: str, mode: Mode
) -> None:
    gateway = side.gateway()
    push_one(gateway, make_order(reference, mode))
    side.report(reference, {"TEE-NAVY-M": 4})
    standing = side.orders(reference)
    assert not push_one(gateway, make_order(reference, mode)).created
    assert side.orders(reference) == standing


def test_a_change_is_reported_to_older_watermarks_only(side: Side, reference: str, mode: Mode) -> None:
    gateway = side.gateway()
    push_one(gateway, make_order(reference, mode))
    watermark = gateway.pull([reference]).watermark
    side.report(reference, {"TEE-NAVY-M": 4})
    changed = gateway.pull([reference], watermark)
    assert [each.state for each in changed.progress] == [ProgressState.STARTED]
    assert changed.watermark >= watermark
    later = side.later(changed.watermark)
    assert gateway.pull([reference], later) == Pull((), later)


def test_an_order_that_is_not_there_is_missing(side: Side, reference: str) -> None:
    progress = progress_of(side.gateway(), reference)
    assert progress == Progress(reference, ProgressState.MISSING)


def test_an_unknown_sku_is_refused_by_its_name(side: Side, reference: str, mode: Mode) -> None:
    order = make_order(reference, mode)
    strange = replace(order, lines=(order.lines[0], replace(order.lines[1], sku="TEE-PINK-XS")))
    with pytest.raises(ErpRejected, match="TEE-PINK-XS"):
        push_one(side.gateway(), strange)
    assert progress_of(side.gateway(), reference).state is ProgressState.MISSING


def test_an_order_refused_among_others_stops_none_of_them(side: Side, reference: str, mode: Mode) -> None:
    first, strange, last = (make_order(f"{reference}-{each}", mode) for each in "123")
    strange = replace(strange, lines=(*strange.lines, ErpOrderLine("TEE-PINK-XS", 3)))
    answers = side.gateway().push([first, strange, last])
    assert [*answers] == [first.reference, strange.reference, last.reference]
    assert isinstance(answers[strange.reference], ErpRejected)
    for order in (first, last):
        answer = answers[order.reference]
        assert isinstance(answer, ErpReference)
        assert answer.created
        side.accept(order.reference)
        assert progress_of(side.gateway(), order.reference).state is ProgressState.CONFIRMED


def test_of_orders_pushed_together_only_those_are_made_that_are_not_there(
    side: Side, reference: str, mode: Mode
) -> None:
    orders = [make_order(f"{reference}-{each}", mode) for each in "123"]
    gateway = side.gateway()
    push_one(gateway, orders[1])
    standing = side.orders(orders[1].reference)
    answers = gateway.push([*orders, orders[0]])
    assert {name: answer.created for name, answer in answers.items() if isinstance(answer, ErpReference)} == {
        orders[0].reference: True,
        orders[1].reference: False,
        orders[2].reference: True,
    }
    assert [side.orders(order.reference) for order in orders] == [standing] * 3


def test_no_orders_are_pushed_at_once(side: Side) -> None:
    assert side.gateway().push([]) == {}


LATER = (START + timedelta(days=14), FINISH + timedelta(days=14))
SOONER = (START - timedelta(days=7), FINISH - timedelta(days=7))


@pytest.mark.parametrize(("start_at", "finish_at"), [LATER, SOONER])
def test_an_order_is_moved_to_other_dates(
    side: Side, reference: str, mode: Mode, start_at: datetime, finish_at: datetime
) -> None:
    gateway = side.gateway()
    push_one(gateway, make_order(reference, mode))
    standing = side.orders(reference)
    for _ in range(2):
        gateway.reschedule(reference, start_at=start_at, finish_at=finish_at)
    assert progress_of(gateway, reference).expected_finish_at == finish_at
    assert side.orders(reference) == standing


def test_what_is_left_of_an_order_begun_is_moved(side: Side, reference: str, mode: Mode) -> None:
    gateway = side.gateway()
    push_one(gateway, make_order(reference, mode))
    side.report(reference, {SKUS[0]: 4})
    gateway.reschedule(reference, start_at=LATER[0], finish_at=LATER[1])
    progress = progress_of(gateway, reference)
    assert (progress.state, progress.expected_finish_at) == (ProgressState.STARTED, LATER[1])


def test_an_order_that_is_done_is_not_moved(side: Side, reference: str, mode: Mode) -> None:
    gateway = side.gateway()
    push_one(gateway, make_order(reference, mode))
    side.report(reference, {SKUS[0]: 10, SKUS[1]: 6})
    with pytest.raises(ErpRejected, match="nothing of it is open"):
        gateway.reschedule(reference, start_at=LATER[0], finish_at=LATER[1])


def test_an_order_cancelled_or_missing_is_not_moved(side: Side, reference: str, mode: Mode) -> None:
    gateway = side.gateway()
    with pytest.raises(ErpRejected, match="nothing of it is open"):
        gateway.reschedule(reference, start_at=LATER[0], finish_at=LATER[1])
    push_one(gateway, make_order(reference, mode))
    gateway.cancel(reference, reason="The campaign failed")
    with pytest.raises(ErpRejected, match="nothing of it is open"):
        gateway.reschedule(reference, start_at=LATER[0], finish_at=LATER[1])


def test_what_stands_there_under_our_codes_is_told_and_what_does_not_is_found(side: Side) -> None:
    strange = ErpProduct("TEE-PINK-XS", "Boxy tee, pink, XS", "JERSEY-NAVY", 125)
    wanted = replace(MASTER_DATA, products=(*MASTER_DATA.products, strange))
    held = side.gateway().catalogue(wanted)
    assert {each.code for each in held if each.noun is Noun.PRODUCT} == {*SKUS}
    assert findings(wanted, held) == (Finding(Noun.PRODUCT, "TEE-PINK-XS", Trouble.UNMAPPED),)


def test_an_order_of_which_nothing_is_made_can_be_cancelled_and_stays_so(
    side: Side, reference: str, mode: Mode
) -> None:
    gateway = side.gateway()
    push_one(gateway, make_order(reference, mode))
    gateway.cancel(reference, reason="The campaign failed")
    gateway.cancel(reference, reason="The campaign failed")
    assert not push_one(gateway, make_order(reference, mode)).created
    assert progress_of(gateway, reference).state is ProgressState.CANCELLED


def test_an_order_with_pieces_made_is_not_cancelled(side: Side, reference: str, mode: Mode) -> None:
    gateway = side.gateway()
    push_one(gateway, make_order(reference, mode))
    side.report(reference, {SKUS[0]: 4})
    with pytest.raises(ErpRejected, match="have been made or received"):
        gateway.cancel(reference, reason="Too late")


def test_cancelling_what_is_not_there_is_success(side: Side, reference: str) -> None:
    side.gateway().cancel(reference, reason="The campaign failed")
