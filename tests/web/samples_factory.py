"""The factory's pages in their states."""

from datetime import date
from typing import Any

from tests.web.samples_shared import INDIGO, NOW, Sample


def _size(size: str, pieces: int) -> dict[str, Any]:
    sku = f"HBJ-IND-{size}"
    return {
        "sku": sku,
        "size": size,
        "pieces": pieces,
        "stages": [
            ("cut", f"cut.{sku}", pieces),
            ("sewn", f"sewn.{sku}", pieces * 3 // 4),
            ("packed", f"done.{sku}", pieces // 2),
        ],
        "proposed": (f"pieces.{sku}", pieces),
    }


CARD = {
    "href": "/factory/orders/R-000123",
    "reference": "R-000123",
    "status": "started",
    "style_code": "HBJ",
    "title": "海港工装夹克",
    "colour": "靛蓝",
    "colour_hex": INDIGO,
    "silhouette": "jacket",
    "factory": "宁波港服装厂",
    "line": "NB-1",
    "start_on": date(2027, 1, 11),
    "finish_on": date(2027, 1, 17),
    "expected_on": None,
    "pieces": 106,
    "made": [("cut", 106), ("sewn", 79), ("packed", 53)],
    "sizes": [_size(size, pieces) for size, pieces in [("S", 24), ("M", 41), ("L", 30), ("XL", 11)]],
    "link": "https://counterflow.example/factory/orders/R-000123",
}
PHOTO = {"src": "/static/icon.svg", "stage": "sewn", "width": 1200, "height": 900, "added_at": NOW}
BOOK_ORDER = CARD | {
    "proposal": None,
    "flags": [],
    "photos": [],
    "today": date(2027, 1, 4),
    "typed": {
        "finish_on": date(2027, 1, 17),
        "expected_on": date(2027, 1, 17),
        "reason": "",
        "words": "",
        "kind": "late",
    },
    "accept_action": None,
    "start_action": None,
    "report_action": "/factory/orders/R-000123/report",
    "propose_action": None,
    "withdraw_action": "/factory/orders/R-000123/withdraw",
    "flag_action": "/factory/orders/R-000123/flag",
    "card_href": "/factory/orders/R-000123/card",
}
OFFERED = BOOK_ORDER | {
    "status": "offered",
    "accept_action": "/a",
    "report_action": None,
    "flag_action": None,
    "propose_action": "/p",
}
PROPOSAL = {
    "status": "weighed",
    "open": True,
    "reason": "染厂要晚一周。拉链也没到齐。",
    "answer": "",
    "finish_on": date(2027, 1, 24),
    "pieces": [("XL", 11, 8)],
}
FLAG = {
    "kind": "late",
    "status": "raised",
    "expected_on": date(2027, 1, 20),
    "words": "两台机器坏了。明天修好。",
    "raised_at": NOW,
}
FACTORY = {"viewer": {"name": "李师傅", "factory": "宁波港服装厂"}}


def _order(order: dict[str, Any], errors: dict[str, str] | None = None, refused_form: str = "") -> Sample:
    shown = {"order": order, "errors": errors or {}, "refused_form": refused_form}
    return "factory/order.html", FACTORY | shown


FACTORY_PAGES: dict[str, Sample] = {
    "factory-orders": (
        "factory/orders.html",
        FACTORY
        | {
            "groups": [
                ("新订单", [BOOK_ORDER | {"status": "offered"}]),
                ("生产中", [BOOK_ORDER]),
                ("已完成", []),
            ]
        },
    ),
    "factory-orders-empty": ("factory/orders.html", FACTORY | {"groups": [("新订单", [])]}),
    "factory-order": _order(BOOK_ORDER | {"flags": [FLAG], "photos": [PHOTO, PHOTO | {"stage": "cut"}]}),
    "factory-order-wrong": _order(
        BOOK_ORDER, {"done.HBJ-IND-M": "Between 0 and 82.", "photo": "is a damaged picture"}
    ),
    "factory-order-offered": _order(OFFERED),
    "factory-order-accepted": _order(
        OFFERED | {"status": "accepted", "accept_action": None, "start_action": "/s", "flag_action": "/f"}
    ),
    "factory-order-proposed": _order(OFFERED | {"proposal": PROPOSAL}),
    "factory-order-proposed-wrong": _order(
        OFFERED | {"typed": OFFERED["typed"] | {"finish_on": "2026-01-01"}},  # type: ignore[operator]
        {"finish_on": "must be between", "pieces.HBJ-IND-S": "must be", "reason": "say why"},
        "propose",
    ),
    "factory-order-refused": _order(
        OFFERED | {"proposal": PROPOSAL | {"status": "refused", "open": False, "answer": "已答应顾客。"}}
    ),
    "factory-order-warned": _order(
        BOOK_ORDER | {"flags": [FLAG | {"status": "settled", "kind": "short"}]},
        {"expected_on": "has passed", "words": "say what"},
        "flag",
    ),
    "factory-order-done": _order(BOOK_ORDER | {"status": "done", "report_action": None, "flag_action": None}),
    "factory-card": ("factory/card.html", FACTORY | {"card": CARD}),
}
