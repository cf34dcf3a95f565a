"""Pages on which a buyer changes, answers and leaves."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from tests.web.samples_shared import NOW, ZONE, Sample

RIGHT = SimpleNamespace(
    number="P-004217",
    currency="CNY",
    ground="withdrawal",
    refused=None,
    back_minor=36_000,
    kept_minor=0,
    until_on=None,
)


def right(**other: Any) -> SimpleNamespace:
    return SimpleNamespace(**vars(RIGHT) | other)


def delay(**other: Any) -> SimpleNamespace:
    known: dict[str, Any] = {
        "old_by_on": date(2027, 3, 9),
        "new_on": date(2027, 3, 20),
        "choices": ["wait", "set_period", "cancel"],
        "silence": "stands",
        "answer_by": NOW + timedelta(days=14),
        "final_on": None,
    }
    return SimpleNamespace(**known | other)


def _change(**other: Any) -> Sample:
    page = {
        "number": "P-004217",
        "back_href": "/o/x",
        "until": NOW + timedelta(days=3),
        "time_zone": ZONE,
        "lines": [SimpleNamespace(sku="HBJ-IND-M", colour="indigo", size="M", quantity=2)],
        "skus": [("HBJ-IND-M", "Indigo · M"), ("HBJ-IND-L", "Indigo · L"), ("HBJ-RUS-M", "Rust · M")],
        "region": "east",
        "address": "上海市 徐汇区 …",
        "wrong": {},
    }
    return "shop/change.html", page | other


def _cancel(*, changed: bool = False, **other: Any) -> Sample:
    return "shop/cancel.html", {"right": right(**other), "back_href": "/o/x", "changed": changed}


def _delay(*, wrong: bool = False, **other: Any) -> Sample:
    page = {
        "number": "P-004217",
        "delay": delay(**other),
        "right": right(ground="delay"),
        "back_href": "/o/x",
        "form_action": "/o/x/delay",
        "time_zone": ZONE,
        "earliest_on": date(2026, 12, 1),
        "wrong": wrong,
    }
    return "shop/delay.html", page


def _withdraw(step: str, **other: Any) -> Sample:
    page = {
        "step": step,
        "number": "P-004217",
        "email": "lin@example.com",
        "right": right(until_on=date(2027, 3, 23)),
        "code": "",
        "reason": "",
        "at": NOW,
    }
    return "shop/withdraw.html", page | other


def may(**other: Any) -> dict[str, Any]:
    """What `shop/preorder.html` offers: until the cut-off, unless said otherwise."""
    return {
        "change_href": "/o/x/change",
        "change_until": NOW + timedelta(days=3),
        "cancel_href": "/o/x/cancel",
        "delay_href": None,
        "delay": None,
        "promises": [],
    } | other


PROMISES = [
    SimpleNamespace(from_on=date(2027, 3, 3), by_on=date(2027, 3, 9), at=NOW),
    SimpleNamespace(from_on=date(2027, 3, 14), by_on=date(2027, 3, 20), at=NOW + timedelta(days=30)),
]

LAW_PAGES: dict[str, Sample] = {
    "law-change": _change(),
    "law-change-wrong": _change(wrong={"address": "x"}, address="x"),
    "law-change-twice": _change(wrong={"lines": ""}),
    "law-change-late": _change(until=None),
    "law-cancel": _cancel(),
    "law-cancel-deposit": _cancel(ground="terms", back_minor=0, kept_minor=5_960),
    "law-cancel-extended": _cancel(ground="extension", changed=True),
    **{
        f"law-cancel-{reason}": _cancel(ground=None, refused=reason)
        for reason in ("ended", "not_received", "made_to_order", "too_late", "sellers_terms")
    },
    "law-delay": _delay(),
    "law-delay-wrong": _delay(wrong=True),
    "law-delay-consent": _delay(choices=["wait", "cancel"], silence="consent"),
    "law-delay-indefinite": _delay(choices=["wait", "cancel"], silence="refund", new_on=None),
    "law-delay-set": _delay(silence="refund", final_on=date(2027, 4, 1)),
    "law-withdraw": _withdraw("ask", number="", email="", right=None),
    "law-withdraw-unknown": _withdraw("ask", right=None, code="unknown"),
    "law-withdraw-changed": _withdraw("ask", right=None, code="amount_changed"),
    "law-withdraw-refused": _withdraw("ask", right=None, code="no_right_to_step_back", reason="not_received"),
    "law-withdraw-confirm": _withdraw("confirm"),
    "law-withdraw-done": _withdraw("done"),
}
