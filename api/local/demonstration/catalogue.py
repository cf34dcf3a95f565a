"""What the two teams design: styles in natural dyes, and the cloths that several of them share."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session

from api.domain.catalogue import SIZES, Fabric, Item, Silhouette, Sku, Style
from api.domain.team import Team
from api.local.demonstration.dice import Dice, sheet

# Share of a hundred buyers by size, and what a size takes of the cloth of an M.
_SIZE_CURVE = {"XS": 6, "S": 18, "M": 30, "L": 26, "XL": 14, "XXL": 6}
_SIZE_CLOTH = {"XS": 0.92, "S": 0.96, "M": 1.0, "L": 1.05, "XL": 1.1, "XXL": 1.17}

_MOST_DYE_LOTS = 8
_COLOUR_MINIMUM = 20
_OVERS_MAXIMUM = 10
_OVERS_VALUE_PERCENT_OF_MAKING = 60


@dataclass(frozen=True, slots=True)
class Design:
    """A style with everything that hangs on it, and how buyers choose among its SKUs."""

    style: Style
    making_minor: int
    """What sewing a piece costs on an ordinary production line."""
    seconds: int
    """How long sewing a piece takes there."""
    items: list[Item]
    skus: list[Sku]
    weights: list[float]
    """How often each SKU is chosen, beside the others."""


def write(session: Session, teams: dict[str, Team], dice: Dice) -> dict[str, Design]:
    """The catalogue, by the code of the style."""
    raw = sheet("catalogue")
    fabrics = {fabric.code: fabric for fabric in _fabrics(raw, dice)}
    designs = {}
    for code, entry in raw["styles"].items():
        style = _style(code, entry, teams[entry["team"]].id, dice)
        designs[code] = _design(style, entry, raw["colours"], fabrics, dice)
    session.add_all([*fabrics.values(), *(design.style for design in designs.values())])
    session.flush()
    session.add_all([item for design in designs.values() for item in design.items])
    session.flush()
    session.add_all([sku for design in designs.values() for sku in design.skus])
    session.flush()
    return designs


def _fabrics(raw: dict[str, Any], dice: Dice) -> list[Fabric]:
    return [
        Fabric(
            id=dice.uuid(),
            code=f"{code}-{colour.upper()}",
            name_en=cloth["name"]["en"],
            name_zh=cloth["name"]["zh"],
            stock_cm=stock_cm,
            dye_lot_minimum_cm=cloth["dye_lot_minimum_cm"],
            roll_cm=cloth["roll_cm"],
            cost_per_metre_minor=cloth["cost_per_metre_minor"],
            lead_days=cloth["lead_days"],
            purchase_maximum_cm=_MOST_DYE_LOTS * cloth["dye_lot_minimum_cm"],
        )
        for code, cloth in raw["cloths"].items()
        for colour, stock_cm in cloth["stock_cm"].items()
    ]


def _style(code: str, raw: dict[str, Any], team_id: UUID, dice: Dice) -> Style:
    return Style(
        id=dice.uuid(),
        code=code,
        team_id=team_id,
        name_en=raw["name"]["en"],
        name_zh=raw["name"]["zh"],
        about_en=raw["about"]["en"],
        about_zh=raw["about"]["zh"],
        silhouette=Silhouette(raw["silhouette"]),
        family=raw["family"],
        setup_seconds=raw["setup"][0],
        setup_cost_minor=raw["setup"][1],
    )


def _design(
    style: Style, raw: dict[str, Any], colours: dict[str, Any], fabrics: dict[str, Fabric], dice: Dice
) -> Design:
    items, skus, weights = [], [], []
    for colour, (cloth, share) in raw["colours"].items():
        code = colour.upper()
        fabric = fabrics[f"{cloth}-{code}"]
        item = _item(f"{style.code}-{code}", raw, colours[colour], style=style, fabric=fabric, dice=dice)
        items.append(item)
        for size in raw["sizes"]:
            skus.append(_sku(item, size, raw, dice))
            weights.append(share * _SIZE_CURVE[size] * dice.uniform(0.85, 1.15))
    return Design(style, raw["make"], raw["seconds"], items, skus, weights)


def _item(
    code: str, raw: dict[str, Any], names: dict[str, str], *, style: Style, fabric: Fabric, dice: Dice
) -> Item:
    return Item(
        id=dice.uuid(),
        code=code,
        style_id=style.id,
        fabric_id=fabric.id,
        colour=names["en"],
        colour_zh=names["zh"],
        colour_hex=names["hex"],
        setup_seconds=raw["colour_setup"][0],
        setup_cost_minor=raw["colour_setup"][1],
        minimum=_COLOUR_MINIMUM,
        overs_maximum=_OVERS_MAXIMUM,
        overs_value_minor=raw["make"] * _OVERS_VALUE_PERCENT_OF_MAKING // 100,
    )


def _sku(item: Item, size: str, raw: dict[str, Any], dice: Dice) -> Sku:
    steps = SIZES.index(size) - SIZES.index("M")
    return Sku(
        id=dice.uuid(),
        code=f"{item.code}-{size}",
        item_id=item.id,
        size=size,
        fabric_use_cm=round(raw["fabric_use"] * _SIZE_CLOTH[size]),
        measurements={name: middle + steps * step for name, (middle, step) in raw["measurements"].items()},
    )
