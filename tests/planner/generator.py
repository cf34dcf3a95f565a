"""Garment planning problems with the shape of a season: the same for the same seed.

python -m tests.planner.generator --styles 12 --lines 18 --seed 1 problem.json
"""

import argparse
import json
import random
from dataclasses import dataclass
from pathlib import Path

from planner import (
    Changeover,
    Fabric,
    Factory,
    Item,
    Line,
    Lot,
    Problem,
    Purchase,
    Rate,
    Shipping,
    Sku,
    Style,
    Substitute,
)

REGIONS = ("north", "centre", "south")
SIZE_SHARES = {"S": 20, "M": 35, "L": 30, "XL": 15}
COLOURS = ("black", "white", "navy", "red", "sand")
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a problem is; ``load`` is the share of line time that all demand would take."""

    styles: int = 12
    colours: int = 3
    waves: int = 3  # of demand per item: a region and a promised day each
    lines: int = 18
    factories: int = 6
    buckets: int = 14
    load: float = 0.7


SMALL = Shape(styles=3, colours=2, waves=1, lines=3, factories=3, buckets=10)
SEASON = Shape()


def generate(shape: Shape, seed: int) -> Problem:
    """A problem of that shape: shared fabrics with dye lots, minimums near demand, consents, two tiers."""
    rng = random.Random(seed)
    styles = tuple(_style(rng, number) for number in range(shape.styles))
    items = tuple(_item(rng, style, colour) for style in styles for colour in COLOURS[: shape.colours])
    skus = tuple(_sku(item, size) for item in items for size in SIZE_SHARES)
    lots = tuple(lot for item in items for lot in _lots(rng, shape, item))
    return Problem(
        name=f"season-{shape.styles}x{shape.colours}-{seed}",
        buckets=shape.buckets,
        regions=REGIONS,
        factories=tuple(_factory(rng, number) for number in range(shape.factories)),
        lines=tuple(_line(rng, shape, number, styles, lots) for number in range(shape.lines)),
        styles=styles,
        items=items,
        skus=skus,
        fabrics=tuple(_fabric(rng, name, lots, items) for name in sorted({item.fabric for item in items})),
        lots=lots,
        changeover=Changeover(same_style=40, same_family=60),
    )


def _style(rng: random.Random, number: int) -> Style:
    family = rng.choice(("shirt", "trouser", "coat"))
    return Style(
        id=f"style{number:02d}",
        family=family,
        setup_seconds=rng.randrange(1, 4) * HOUR,
        setup_cost=rng.randrange(20_000, 60_000),
        campaign_minimum=rng.choice((0, 100, 300)),
    )


def _item(rng: random.Random, style: Style, colour: str) -> Item:
    return Item(
        id=f"{style.id}-{colour}",
        style=style.id,
        colour=colour,
        fabric=f"{style.family}-{colour}",
        setup_seconds=rng.randrange(900, HOUR),
        setup_cost=rng.randrange(4_000, 15_000),
        minimum=rng.choice((0, 50, 100)),
        release_bucket=rng.randrange(3),
        overs_value=rng.randrange(600, 1_200),
        overs_maximum=rng.choice((0, 10, 20)),
    )


def _sku(item: Item, size: str) -> Sku:
    return Sku(f"{item.id}-{size}", item.id, size, 120 + 6 * list(SIZE_SHARES).index(size))


def _lots(rng: random.Random, shape: Shape, item: Item) -> list[Lot]:
    lots = []
    other = COLOURS[(COLOURS.index(item.colour) + 1) % shape.colours]
    for wave in range(rng.randint(1, shape.waves)):
        region, pieces = rng.choice(REGIONS), rng.lognormvariate(5.3, 0.6)
        due_day = rng.randint(7 * (item.release_bucket + 3), 7 * shape.buckets)
        price = rng.randrange(9_000, 20_000)
        for size, share in SIZE_SHARES.items():
            quantity = round(pieces * share / 100)
            consent = Substitute(f"{item.style}-{other}-{size}", quantity // 3, price // 50)
            lots.append(
                Lot(
                    id=f"{item.id}-{size}-{wave}",
                    sku=f"{item.id}-{size}",
                    quantity=quantity,
                    due_day=due_day,
                    region=region,
                    late_cost=price // 30,
                    early_cost=price // 1_000,
                    unfilled_cost=price * 3 // 4,
                    substitutes=(consent,)
                    if shape.colours > 1 and consent.maximum and rng.random() < 0.2
                    else (),
                )
            )
    return lots


def _factory(rng: random.Random, number: int) -> Factory:
    ways = {region: Shipping(rng.randrange(80, 900), rng.randrange(2, 12)) for region in REGIONS}
    return Factory(f"factory{number}", ways)


def _line(
    rng: random.Random, shape: Shape, number: int, styles: tuple[Style, ...], lots: tuple[Lot, ...]
) -> Line:
    """A line of one or two families, closed for a stretch in the middle in one factory of three."""
    families = rng.sample(("shirt", "trouser", "coat"), rng.choice((1, 2, 2)))
    factory = number % shape.factories
    closed = range(shape.buckets // 2, shape.buckets // 2 + 3) if factory % 3 == 0 else ()
    pieces = sum(lot.quantity for lot in lots)
    week = 50 * HOUR
    seconds = max(60, int(shape.load * week * shape.buckets * shape.lines / max(1, pieces) * 0.7))
    price = rng.randrange(2_500, 4_000)
    return Line(
        id=f"line{number:02d}",
        factory=f"factory{factory}",
        capacity=tuple(0 if bucket in closed else week for bucket in range(shape.buckets)),
        min_run=rng.choice((20, 30, 50)),
        max_run=rng.choice((None, None, 400)),
        tiers=(1, 150),
        styles={
            style.id: Rate(int(seconds * rng.uniform(0.7, 1.3)), (price, price * 93 // 100))
            for style in styles
            if style.family in families
        },
    )


def _fabric(rng: random.Random, name: str, lots: tuple[Lot, ...], items: tuple[Item, ...]) -> Fabric:
    own = {item.id for item in items if item.fabric == name}
    need = sum(lot.quantity * 130 for lot in lots if lot.sku.rsplit("-", 1)[0] in own)
    kind = rng.random()
    arrivals = ((0, need // 2), (3, need * 2 // 3)) if kind < 0.5 else ((1, need // 3),) if kind < 0.8 else ()
    purchase = Purchase(30_000, 6_000, rng.randrange(15, 30), rng.randrange(2, 4), 2 * need + 60_000)
    return Fabric(name, arrivals, purchase if kind >= 0.5 else None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--styles", type=int, default=SEASON.styles)
    parser.add_argument("--lines", type=int, default=SEASON.lines)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    problem = generate(Shape(styles=options.styles, lines=options.lines), options.seed)
    options.out.write_text(json.dumps(problem.to_json()), encoding="utf-8")


if __name__ == "__main__":
    main()
