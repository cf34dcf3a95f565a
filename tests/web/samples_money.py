"""The pages about money in the console: exceptions and the ledger."""

from datetime import timedelta
from typing import Any

from tests.web.samples_shared import NOW, Sample, console


def case(kind: str, what: str, choices: list[tuple[str, str, str]], **other: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "what": what,
        "words": "",
        "amount_minor": 18000,
        "currency": "CNY",
        "number": "CF-004217",
        "buyer": "王小雨",
        "status": "cancelled",
        "href": "/console/ledger?preorder=CF-004217",
        "noted_at": NOW - timedelta(hours=5),
        "age_minutes": 300,
        "action": "/console/exceptions/1",
        "cash_action": None,
        "choices": [
            {"resolution": word, "label": label, "effect": effect, "possible": True}
            for word, label, effect in choices
        ],
    } | other


CASES = [
    case(
        "late",
        "Paid when the pre-order was over already.",
        [
            ("refund", "Pay it back", "¥180.00 goes back to the buyer."),
            ("accept", "Take the buyer in again", "No money moves."),
        ],
    ),
    case(
        "refund_failed",
        "The provider does not pay this refund out; the buyer waits for it.",
        [("retry", "Ask the provider again", "¥180.00 is sent to the buyer once more.")],
        words="pay 180.00 CNY back in cash (it came with receipt 17) and record it",
        cash_action="/console/exceptions/2/cash",
    ),
    case(
        "unknown",
        "The provider's report has it, and we do not know for what.",
        [("written_off", "Write it off", "Nothing moves; the case is closed.")],
        number="",
        buyer="",
        status="",
        href="",
        words="sbx_99 came in at 2027-01-09 12:00 UTC, and nobody here knows for what",
    ),
]
_NO_CHOICE = ("action", "cash_action", "choices")
RESOLVED = [
    {name: value for name, value in one.items() if name not in _NO_CHOICE}
    | {"resolution": "Pay it back", "resolved_at": NOW, "by": "Chen Wei"}
    for one in CASES
]


MONEY_PAGES: dict[str, Sample] = {
    "console-exceptions": (
        "console/exceptions.html",
        console("exceptions", cases=CASES, resolved=RESOLVED, errors={}),
    ),
    "console-exceptions-none": (
        "console/exceptions.html",
        console("exceptions", cases=[], resolved=[], errors={"": "illegal_move"}),
    ),
}
