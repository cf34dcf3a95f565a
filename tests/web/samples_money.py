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

LINES = [
    ("paid 180.00", {"provider": 17820, "fees": 180, "buyers": -18000}),
    ("112 pieces were ordered: each costs less than was paid", {"provider": -2000, "buyers": 2000}),
    ("goods left", {"buyers": 16000, "sales": -16000}),
]
STATEMENT = {
    "title": "Pre-order CF-004217",
    "campaign_href": "/console/campaigns/harbour-jacket",
    "accounts": ["provider", "buyers", "sales", "fees"],
    "lines": [
        {"at": NOW, "number": "CF-004217", "href": "/console/ledger?preorder=CF-004217", "why": why}
        | {"postings": postings}
        for why, postings in reversed(LINES)
    ],
    "balances": {"provider": 15820, "buyers": 0, "sales": -16000, "fees": 180},
    "total_minor": 0,
    "entries": 3,
    "currency": "CNY",
    "csv_href": "/console/ledger/file?preorder=CF-004217",
    "teams": [("Team Harbour", "/console/ledger?team=harbour")],
    "providers": [("sandbox", "/console/ledger/provider?name=sandbox")],
}
REPORT = {
    "provider": "sandbox",
    "from_on": (NOW - timedelta(days=6)).date(),
    "to_on": NOW.date(),
    "earlier_href": "/console/ledger/provider?name=sandbox",
    "failure": "",
    "movements": 84,
    "fees": 2,
    "differences": [
        {"reference": f"sbx_{n}", "at": NOW, "kind": kind, "currency": "CNY"}
        | {"theirs_minor": theirs, "ours_minor": ours}
        for n, (kind, theirs, ours) in enumerate(
            [
                ("only_theirs", 18000, None),
                ("only_ours", None, 18000),
                ("amount", 18000, 16000),
                ("fee", 100, 90),
                ("currency", 18000, 18000),
            ]
        )
    ],
}


MONEY_PAGES: dict[str, Sample] = {
    "console-exceptions": (
        "console/exceptions.html",
        console("exceptions", cases=CASES, resolved=RESOLVED, errors={}),
    ),
    "console-exceptions-none": (
        "console/exceptions.html",
        console("exceptions", cases=[], resolved=[], errors={"": "illegal_move"}),
    ),
    "console-ledger": ("console/ledger.html", console("ledger", **STATEMENT)),
    "console-ledger-team": (
        "console/ledger.html",
        console("ledger", **STATEMENT | {"title": "Team Harbour", "campaign_href": "", "entries": 912}),
    ),
    "console-ledger-none": (
        "console/ledger.html",
        console("ledger", **STATEMENT | {"lines": [], "entries": 0, "total_minor": 5, "providers": []}),
    ),
    "console-ledger-provider": ("console/ledger_provider.html", console("ledger", **REPORT)),
    "console-ledger-provider-agrees": (
        "console/ledger_provider.html",
        console("ledger", **REPORT | {"differences": [], "fees": 0}),
    ),
    "console-ledger-provider-silent": (
        "console/ledger_provider.html",
        console("ledger", **REPORT | {"differences": [], "fees": 0, "failure": "It keeps no report."}),
    ),
}
