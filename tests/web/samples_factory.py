"""The factory's pages in their states."""

from datetime import date

from tests.web.samples_shared import INDIGO, Sample

BOOK_ORDER = {
    "href": "/factory/R-000123",
    "reference": "R-000123",
    "status": "started",
    "title": "海港工装夹克",
    "colour": "靛蓝",
    "colour_hex": INDIGO,
    "silhouette": "jacket",
    "line": "NB-1",
    "start_on": date(2027, 1, 11),
    "finish_on": date(2027, 1, 17),
    "expected_on": None,
    "pieces": 106,
    "done": 53,
    "sizes": [
        {
            "sku": f"HBJ-IND-{size}",
            "size": size,
            "pieces": pieces,
            "done": pieces // 2,
            "field": f"done.HBJ-IND-{size}",
        }
        for size, pieces in [("S", 24), ("M", 41), ("L", 30), ("XL", 11)]
    ],
    "accept_action": None,
    "start_action": None,
    "report_action": "/factory/R-000123/report",
    "link": "https://counterflow.example/factory/R-000123",
}
FACTORY = {"viewer": {"name": "李师傅", "factory": "宁波港服装厂"}}


FACTORY_PAGES: dict[str, Sample] = {
    "factory-orders": (
        "factory/orders.html",
        FACTORY
        | {
            "groups": [
                ("新订单", [BOOK_ORDER | {"status": "offered", "done": 0}]),
                ("生产中", [BOOK_ORDER]),
                ("已完成", []),
            ]
        },
    ),
    "factory-orders-empty": ("factory/orders.html", FACTORY | {"groups": [("新订单", [])]}),
    "factory-order": ("factory/order.html", FACTORY | {"order": BOOK_ORDER, "errors": {}}),
    "factory-order-wrong": (
        "factory/order.html",
        FACTORY | {"order": BOOK_ORDER, "errors": {"done.HBJ-IND-M": "Between 0 and 82."}},
    ),
    "factory-order-offered": (
        "factory/order.html",
        FACTORY
        | {
            "order": BOOK_ORDER
            | {"status": "offered", "accept_action": "/a", "start_action": "/s", "report_action": None},
            "errors": {},
        },
    ),
}
