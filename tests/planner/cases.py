"""The smallest whole problem; a test changes what it is about and states only that."""

from typing import Any

from planner import Fabric, Factory, Item, Line, Lot, Problem, Rate, Shipping, Sku, Style


def tiny(**changes: Any) -> Problem:
    """20 shirts of one colour and size wanted by day 13; one line makes 1 piece a minute in 2 buckets."""
    parts: dict[str, Any] = {
        "name": "tiny",
        "buckets": 2,
        "regions": ("east",),
        "factories": (Factory("F", {"east": Shipping(unit_cost=2, lead_days=0)}),),
        "lines": (line(),),
        "styles": (Style("shirt", "tops"),),
        "items": (item("red"),),
        "skus": (Sku("red-M", "red", "M", 1),),
        "fabrics": (Fabric("cloth", ((0, 1_000),)),),
        "lots": (lot("D1", "red-M", 20),),
    }
    return Problem(**{**parts, **changes})


def line(name: str = "L", **changes: Any) -> Line:
    parts: dict[str, Any] = {
        "id": name,
        "factory": "F",
        "capacity": (36_000, 36_000),
        "min_run": 1,
        "max_run": None,
        "tiers": (1,),
        "styles": {"shirt": Rate(60, (10,))},
    }
    return Line(**{**parts, **changes})


def item(colour: str, **changes: Any) -> Item:
    parts: dict[str, Any] = {"id": colour, "style": "shirt", "colour": colour, "fabric": "cloth"}
    return Item(**{**parts, **changes})


def lot(name: str, sku: str, quantity: int, **changes: Any) -> Lot:
    parts: dict[str, Any] = {
        "due_day": 13,
        "region": "east",
        "late_cost": 5,
        "early_cost": 1,
        "unfilled_cost": 100,
    }
    return Lot(name, sku, quantity, **{**parts, **changes})
