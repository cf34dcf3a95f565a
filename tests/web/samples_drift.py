"""The drift desk, one difference in its states, and a run that ended short."""

from datetime import timedelta
from typing import Any

from api.services.drift_decisions import Effects
from tests.web.samples_console import RUN
from tests.web.samples_shared import NOW, Sample, console

QUANTITY: dict[str, Any] = {
    "reference": "R-000123",
    "href": "/console/drift/1",
    "kind": "quantity",
    "part": "HBJ-IND-M",
    "ours": "41 pieces",
    "theirs": "36 pieces",
    "status": "open",
    "awaits_erp": False,
    "touched_by": "Wang Fang",
    "touched_at": NOW - timedelta(minutes=50),
    "found_at": NOW - timedelta(minutes=49),
    "age_minutes": 49,
    "settled_at": None,
    "words": "",
}
GONE_THERE = QUANTITY | {
    "reference": "R-000117",
    "kind": "missing",
    "part": "",
    "ours": "ordered",
    "theirs": "nothing",
    "touched_by": "",
    "touched_at": None,
    "age_minutes": 4000,
}
KEPT = QUANTITY | {
    "kind": "date",
    "part": "",
    "ours": "24 Jan 2027",
    "theirs": "2 Feb 2027",
    "status": "kept",
}
LEFT = QUANTITY | {"kind": "unknown", "part": "WH/MO/00007", "status": "left", "words": "a sample, says Wang"}
SETTLED = KEPT | {"status": "gone", "settled_at": NOW, "words": "both sides agree"}
RULES = [
    {
        "name": "cancelled_there",
        "words": "A run cancelled or deleted in the ERP ends here too; its pre-orders wait for a plan.",
        "enabled": True,
        "after_hours": 24,
        "action": "/console/drift/rules/cancelled_there",
    }
]
EFFECTS = Effects(
    preorders=38, waiting=("P-000311", "P-000314"), late_now=0, late=4, days=6, within_promise=False
)


def difference(row: dict[str, Any], *decisions: str, anew: bool = True) -> dict[str, Any]:
    return row | {
        "run": "R-000123",
        "run_href": "/console/runs/R-000123",
        "next_reference": "R-000123-2",
        "anew": anew,
        "decisions": list(decisions),
        "action": "/console/drift/1",
    }


def shortfall(number: str, status: str, action: str | None) -> dict[str, Any]:
    return {
        "number": number,
        "sku": "HBJ-IND-M",
        "pieces": 1,
        "status": status,
        "refund_minor": 32_900,
        "currency": "CNY",
        "whole": True,
        "action": action,
    }


SHORT = {
    "policy": "Who paid first was served first. (earliest_paid/1)",
    "rows": [
        shortfall("P-000311", "open", "/console/runs/R-000123/short/1"),
        shortfall("P-000314", "open", None),
        shortfall("P-000315", "refunded", None),
        shortfall("P-000316", "recut", None),
    ],
    "stock": [
        {
            "sku": "HBJ-IND-L",
            "pieces": 4,
            "unit_cost_minor": 8_800,
            "cost_minor": 35_200,
            "currency": "CNY",
        }
    ],
}

DRIFT_PAGES: dict[str, Sample] = {
    "console-drift": (
        "console/drift.html",
        console(
            "drift",
            rows=[QUANTITY, GONE_THERE, KEPT, LEFT],
            settled=[SETTLED],
            rules=RULES,
            may_decide=True,
            errors={},
        ),
    ),
    "console-drift-empty": (
        "console/drift.html",
        console(
            "drift",
            rows=[],
            settled=[],
            rules=RULES,
            may_decide=False,
            errors={"after_hours": "must be between"},
        ),
    ),
    "console-difference": (
        "console/difference.html",
        console(
            "drift",
            difference=difference(QUANTITY, "take", "keep", "leave"),
            effects=EFFECTS,
            errors={"reason": "say why"},
        ),
    ),
    "console-difference-kept": (
        "console/difference.html",
        console("drift", difference=difference(KEPT | {"awaits_erp": True}), effects=None, errors={}),
    ),
    "console-difference-unknown": (
        "console/difference.html",
        console(
            "drift",
            difference=difference(LEFT | {"status": "open"}, "keep", "leave", anew=False),
            effects=None,
            errors={"": "drift_not_decidable"},
        ),
    ),
    "console-run-short": (
        "console/run.html",
        console("runs", run=RUN, factory_words=None, shortfalls=SHORT, errors={}),
    ),
}
