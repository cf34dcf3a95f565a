"""The count after a round sees what it is there to see."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from erp_bridge import ErpOrder, ErpOrderLine, Mode
from tests.faults.audit import Behind, Books, Production, PurchaseLine, Verdict, judge
from tests.faults.runs import OurBooks

OWN, OUTSIDE = "R-000001", "R-000002"
START, FINISH = datetime(2027, 1, 11, tzinfo=UTC), datetime(2027, 1, 15, tzinfo=UTC)
ORDERS = {
    OWN: ErpOrder(OWN, "F1", Mode.OWN_LINE, "F1-1", (ErpOrderLine("TEE-M", 7),), START, FINISH, "CNY"),
    OUTSIDE: ErpOrder(
        OUTSIDE, "F2", Mode.SUBCONTRACT, "F2-1", (ErpOrderLine("TEE-M", 5, 900),), START, FINISH, "CNY"
    ),
}
MADE = Production(1, f"{OWN}/TEE-M", "confirmed", "TEE-M", 7, [OWN])
BOUGHT = PurchaseLine(1, OUTSIDE, "purchase", f"purchase_{OUTSIDE}", "TEE-M", 5)

BEHIND = Behind(receipts=1, productions=1, drafts=0)


def found(
    made: Sequence[Production] = (MADE,),
    bought: Sequence[PurchaseLine] = (BOUGHT,),
    behind: Behind = BEHIND,
    status: str = "released",
) -> Verdict:
    ours = OurBooks(ORDERS, dict.fromkeys(ORDERS, status), {OWN: [f"{OWN}/TEE-M"], OUTSIDE: [OUTSIDE]})
    verdict = Verdict()
    judge(ours, Books({OWN: made}, {OUTSIDE: bought}, {OUTSIDE: behind}, ()), ORDERS, verdict)
    return verdict


def test_what_stands_once_and_whole_is_no_violation() -> None:
    assert found()
    assert [*found().words()] == []


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        (found(made=[MADE, MADE._replace(id=2, name="WH/MO/1")]), "duplicates"),
        (found(made=[MADE, MADE._replace(id=2, sku="TEE-L")]), "duplicates"),
        (found(made=[]), "lost"),
        (found(made=[MADE._replace(state="draft")]), "drafts"),
        (found(made=[MADE._replace(quantity=6)]), "wrong"),
        (found(bought=[BOUGHT, BOUGHT._replace(id=2)]), "duplicates"),
        (found(bought=[]), "lost"),
        (found(bought=[BOUGHT._replace(state="draft")]), "drafts"),
        (found(bought=[BOUGHT._replace(quantity=6)]), "wrong"),
        (found(bought=[BOUGHT._replace(external_id=None)]), "wrong"),
        (found(behind=Behind(2, 1, 0)), "duplicates"),
        (found(behind=Behind(1, 2, 0)), "duplicates"),
        (found(behind=Behind(1, 0, 0)), "lost"),
        (found(status="approved"), "lost"),
    ],
)
def test_each_way_to_break_the_promise_is_told_by_its_kind(verdict: Verdict, kind: str) -> None:
    assert not verdict
    assert getattr(verdict, kind)
