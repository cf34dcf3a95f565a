"""The consumer's pages in their states."""

from datetime import date, timedelta
from typing import Any

from tests.web.samples_factory import PHOTO
from tests.web.samples_law import PROMISES, delay, may
from tests.web.samples_shared import CARDS, INDIGO, NOW, REGIONS, RUST, STONE, ZONE, Sample, progress


def campaign(status: str = "open", *, is_open: bool = True) -> dict[str, Any]:
    sizes = ["XS", "S", "M", "L", "XL", "XXL"]
    colours = [("indigo", "Indigo", INDIGO), ("rust", "Rust", RUST), ("stone", "Stone", STONE)]
    return {
        "title": "Harbour chore jacket",
        "tagline": "A heavy canvas jacket with three pockets, cut straight.",
        "story": "Sewn by a workshop of forty people in Ningbo that has made workwear since 1994.",
        "team": "Team Harbour",
        "silhouette": "jacket",
        "status": status,
        "is_open": is_open,
        "opens_at": NOW + timedelta(days=2),
        "closes_at": NOW + timedelta(days=5),
        "time_zone": ZONE,
        "price_minor": 18000,
        "currency": "CNY",
        "minimum": 60,
        "kind": "group_buy",
        "group_size": None,
        "cap_pieces": None,
        "terms": [{"value": "prepaid", "now_minor": 18000, "then_minor": 0}],
        "deposit_kind": "",
        "balance_days": 5,
        "later_batch": False,
        "batches": [],
        "ship_from_on": date(2027, 3, 3),
        "ship_by_on": date(2027, 3, 9),
        "ship_reason": "The workshop is closed for the Chinese New Year from 30 January to 21 February.",
        "fabric": "12 oz cotton canvas, piece-dyed, pre-shrunk",
        "link": "https://counterflow.example/c/harbour-jacket",
        "live_href": "/c/harbour-jacket/live",
        "form_action": "/c/harbour-jacket",
        "colours": [
            {
                "code": code,
                "name": name,
                "hex": hex_,
                "sizes": [(f"HBJ-{code[:3].upper()}-{size}", size, size != "XXL") for size in sizes],
            }
            for code, name, hex_ in colours
        ],
    }


FORM = {
    "sku": "HBJ-IND-M",
    "quantity": 1,
    "accept_colour": True,
    "also": ["rust"],
    "terms": "",
    "group": "",
    "offer": "",
    "accept_size": False,
    "name": "",
    "email": "",
    "region": "east",
    "address": "",
    "idempotency_key": "8f14e45f-ceea-467f-a9a1-4f5c0b1d2c3e",
}


def cards() -> list[dict[str, Any]]:
    return [
        {
            "href": f"/c/{silhouette}",
            "title": title,
            "tagline": tagline,
            "silhouette": silhouette,
            "colour_hex": hex_,
            "colour": colour,
            "status": "open",
            "price_minor": 18000,
            "currency": "CNY",
            "next_from_pieces": 250,
            "next_price_minor": 14900,
            "paid_pieces": paid,
            "minimum": minimum,
            "closes_at": NOW + timedelta(days=3),
            "time_zone": ZONE,
            "colours": [("Indigo", INDIGO), ("Rust", RUST), ("Stone", STONE)],
        }
        for title, tagline, silhouette, hex_, colour, paid, minimum in CARDS
    ]


def stages(reached: int, *, branch: str = "") -> list[dict[str, Any]]:
    names = ["paid", "decided", "scheduled", "in_production", "ready", "shipped"]
    if branch:
        names = ["paid", "cancelled", "refunded"]
    states = ["done" if n < reached else "now" if n == reached else "to_come" for n in range(len(names))]
    if branch:
        states[1] = "stopped"
    return [
        {
            "name": name,
            "state": state,
            "at": NOW + timedelta(days=4 * n) if state in {"done", "stopped"} else None,
            "note": "120 of 300 pieces are sewn." if name == "in_production" and state == "now" else "",
        }
        for n, (name, state) in enumerate(zip(names, states, strict=True))
    ]


def tracking(**changes: Any) -> dict[str, Any]:
    return {
        "status": "in_production",
        "currency": "CNY",
        "paid_minor": 36000,
        "refunded_minor": 4000,
        "refund_due_minor": 0,
        "price_minor": 18000,
        "settled_price_minor": 16000,
        "pieces": 2,
        "campaign_pieces": 112,
        "pay_href": None,
        "payment": "paid",
        "open_minor": 0,
        "open_until": None,
        "promise_from_on": date(2027, 3, 3),
        "promise_by_on": date(2027, 3, 9),
        "expected_on": date(2027, 3, 6),
        "stages": stages(3),
    } | changes


PREORDER = {
    "number": "CF-004217",
    "title": "Harbour chore jacket",
    "campaign_href": "/c/harbour-jacket",
    "silhouette": "jacket",
    "placed_at": NOW,
    "currency": "CNY",
    "price_minor": 18000,
    "total_minor": 36000,
    "name": "王小雨",
    "region": "east",
    "address_line": "上海市 徐汇区 …",
    "link": "https://counterflow.example/p/CF-004217?key=Zx81kq",
    "live_href": "/p/CF-004217/live?key=Zx81kq",
    "notices_href": "/p/CF-004217/notices",
    "group": None,
    "lines": [
        {
            "colour": "Indigo",
            "colour_hex": INDIGO,
            "size": "M",
            "quantity": 2,
            "accept_other_colour": True,
            "only_colours": ["Rust"],
            "accept_next_size": False,
        },
        {
            "colour": "Stone",
            "colour_hex": STONE,
            "size": "L",
            "quantity": 1,
            "accept_other_colour": True,
            "only_colours": [],
            "accept_next_size": True,
        },
    ],
}
GROUP = {
    "code": "K7QP2M",
    "size": 3,
    "paid": 2,
    "link": "https://counterflow.example/c/harbour-jacket?group=K7QP2M",
    "is_open": True,
}
DEPOSIT = {
    "terms": [
        {"value": "prepaid", "now_minor": 18000, "then_minor": 0},
        {"value": "deposit", "now_minor": 2900, "then_minor": 15100},
        {"value": "later", "now_minor": 0, "then_minor": 18000},
    ],
    "deposit_kind": "forfeitable",
}
WAITING = {"form_action": "/c/x/waiting", "sku": "", "quantity": 1, "email": "", "joined": False}


def _campaign_page(**changes: Any) -> dict[str, Any]:
    return {
        "campaign": campaign(),
        "progress": progress(),
        "form": FORM,
        "regions": REGIONS,
        "errors": {},
        "kept_until": None,
        "lapsed": False,
        "group": None,
        "waiting": None,
    } | changes


def _closed(status: str, paid: int = 112) -> dict[str, Any]:
    return _campaign_page(campaign=campaign(status, is_open=False), progress=progress(status, paid))


def _notices(**changes: Any) -> dict[str, Any]:
    told = [
        ("We have received ¥360.00 for CF-004217", "Your payment has arrived.\nYou are in.", "sent"),
        ("Harbour chore jacket goes ahead: CF-004217 is confirmed", "Each piece costs ¥160.00.", "queued"),
        ("CF-004217 will be late", "We now expect it by 15 Mar 2027.", "failed"),
    ]
    return {
        "number": "CF-004217",
        "preorder_href": "/p/CF-004217",
        "form_action": "/p/CF-004217/notices",
        "key": "",
        "offered": ["email", "sms", "wechat"],
        "channels": ["email"],
        "phone": "",
        "wrong": set(),
        "saved": False,
        "notices": [
            {
                "subject": subject,
                "text": text,
                "language": "en",
                "written_at": NOW,
                "states": [("email", state), ("sms", "queued")],
            }
            for subject, text, state in told
        ],
    } | changes


def _preorder_page(just_placed: bool = False, **changes: Any) -> dict[str, Any]:  # noqa: FBT001, FBT002 a sample's switch
    late = "expected_on" in changes and changes["expected_on"] is not None
    return {
        "preorder": PREORDER,
        "tracking": tracking(**changes),
        "time_zone": ZONE,
        "just_placed": just_placed,
        "may": may(
            delay=delay() if late else None,
            delay_href="/o/x/delay" if late else None,
            promises=PROMISES if late else [],
        ),
        "photos": [PHOTO] if just_placed else [],
    }


_WRONG = {
    "name": "Say who it is for.",
    "email": "This is not an e-mail address.",
    "quantity": "At least 1.",
    "sku": "Choose a size.",
    "address": "At least 5 characters.",
    "region": "Choose one.",
    "only_colours": "At most three.",
    "group": "There is none.",
    "terms": "Choose one.",
}


SHOP: dict[str, Sample] = {
    "shop-index": ("shop/index.html", {"campaigns": cards()}),
    "shop-index-empty": ("shop/index.html", {"campaigns": []}),
    "shop-campaign": ("shop/campaign.html", _campaign_page()),
    "shop-campaign-wrong": (
        "shop/campaign.html",
        _campaign_page(errors=_WRONG, form=FORM | {"sku": "", "email": "xiaoyu"}),
    ),
    "shop-campaign-few": ("shop/campaign.html", _campaign_page(progress=progress(paid=0))),
    "shop-campaign-early": (
        "shop/campaign.html",
        _campaign_page(campaign=campaign("sampled", is_open=False), progress=progress("sampled", 0)),
    ),
    "shop-campaign-closing": ("shop/campaign.html", _closed("closing")),
    "shop-campaign-decided": ("shop/campaign.html", _closed("decided", 230)),
    "shop-campaign-failed": ("shop/campaign.html", _closed("failed", 41)),
    "shop-campaign-cancelled": ("shop/campaign.html", _closed("cancelled", 41)),
    "shop-campaign-collecting": ("shop/campaign.html", _closed("collecting", 230)),
    "shop-campaign-terms": (
        "shop/campaign.html",
        _campaign_page(campaign=campaign() | DEPOSIT | {"batches": [{"after_pieces": 200}]}),
    ),
    "shop-campaign-group": (
        "shop/campaign.html",
        _campaign_page(
            campaign=campaign() | {"kind": "team_buy", "group_size": 3, "minimum": 0, "later_batch": True},
            progress=progress(minimum=0),
            group=GROUP,
        ),
    ),
    "shop-campaign-group-wrong": (
        "shop/campaign.html",
        _campaign_page(campaign=campaign() | {"kind": "team_buy", "group_size": 3}, errors=_WRONG),
    ),
    "shop-campaign-full": (
        "shop/campaign.html",
        _campaign_page(
            campaign=campaign() | {"cap_pieces": 100},
            progress=progress() | {"room": 0},
            waiting=WAITING,
            lapsed=True,
            errors={"waiting-email": "This is not an e-mail address."},
        ),
    ),
    "shop-campaign-waits": (
        "shop/campaign.html",
        _campaign_page(
            campaign=campaign() | {"cap_pieces": 100},
            progress=progress() | {"room": 0},
            waiting=WAITING | {"joined": True, "email": "lin@example.com"},
        ),
    ),
    "shop-campaign-kept": (
        "shop/campaign.html",
        _campaign_page(
            campaign=campaign() | {"cap_pieces": 100} | DEPOSIT | {"deposit_kind": "refundable"},
            progress=progress() | {"room": 4},
            kept_until=NOW,
        ),
    ),
    "shop-campaign-lapsed": ("shop/campaign.html", _campaign_page(lapsed=True)),
    "shop-campaign-live": ("shop/_campaign_live.html", {"progress": progress()}),
    "shop-checkout": (
        "shop/checkout_sandbox.html",
        {
            "charge": {"reference": "sb_1f", "what": "CF-004217", "amount_minor": 36000, "currency": "CNY"},
            "faults": ["late", "twice", "too_little", "too_much", "given_back", "disputed", "shuffled"],
            "form_action": "/sandbox/sb_1f",
        },
    ),
    "shop-method": (
        "shop/method_sandbox.html",
        {"reference": "1f0a3c77", "form_action": "/sandbox/methods"},
    ),
    "shop-preorder": ("shop/preorder.html", _preorder_page()),
    "shop-preorder-placed": (
        "shop/preorder.html",
        _preorder_page(
            just_placed=True,
            status="placed",
            payment="on_its_way",
            refunded_minor=0,
            settled_price_minor=None,
            expected_on=None,
            stages=stages(0),
        ),
    ),
    "shop-preorder-unpaid": (
        "shop/preorder.html",
        _preorder_page(payment="missing", pay_href="/sandbox/sb_1f", paid_minor=0, stages=stages(0)),
    ),
    "shop-preorder-group": (
        "shop/preorder.html",
        _preorder_page() | {"preorder": PREORDER | {"group": GROUP}},
    ),
    "shop-preorder-group-whole": (
        "shop/preorder.html",
        _preorder_page(payment="method", pay_href="/o/x/pay")
        | {"preorder": PREORDER | {"group": GROUP | {"paid": 3}}},
    ),
    "shop-preorder-balance": (
        "shop/preorder.html",
        _preorder_page(
            status="balance_due", open_minor=30200, open_until=NOW, pay_href="/o/x/pay", payment="missing"
        ),
    ),
    "shop-preorder-balance-failed": (
        "shop/preorder.html",
        _preorder_page(
            status="balance_due", open_minor=30200, open_until=NOW, pay_href="/o/x/pay", payment="failed"
        ),
    ),
    "shop-preorder-late": (
        "shop/preorder.html",
        _preorder_page(expected_on=date(2027, 3, 15), payment="failed", pay_href="/sandbox/sb_1f"),
    ),
    "shop-preorder-refunded": (
        "shop/preorder.html",
        _preorder_page(
            status="cancelled", stages=stages(2, branch="no go"), refunded_minor=0, refund_due_minor=36000
        ),
    ),
    "shop-notices": ("shop/notices.html", _notices()),
    "shop-notices-choose": (
        "shop/notices.html",
        _notices(key="0f3c", channels=["email", "sms"], wrong={"phone"}, saved=True),
    ),
    "shop-notices-none": ("shop/notices.html", _notices(notices=[])),
    "shop-waiting": ("shop/waiting.html", {"form_action": "/waiting/abc", "left": False}),
    "shop-waiting-left": ("shop/waiting.html", {"form_action": "/waiting/abc", "left": True}),
    "shop-preorder-live": ("shop/_preorder_live.html", {"tracking": tracking(), "time_zone": ZONE}),
    **{
        f"error-{status}": (
            "error.html",
            {
                "status": status,
                "code": "unknown",
                "detail": "There is no campaign 'x'." if status == 404 else "",
                "back_href": "/",
            },
        )
        for status in (403, 404, 409, 422, 500, 503)
    },
}
