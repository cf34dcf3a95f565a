"""Hypothesis strategies for planning: small problems that touch every rule of the contract."""

from hypothesis import strategies as st

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

REGIONS = ("east", "west")


def _whole(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """One to three styles in one or two colours and sizes, two lines, up to five buckets and six lots."""
    buckets = draw(_whole(1, 5))
    styles = tuple(draw(_styles(number)) for number in range(draw(_whole(1, 3))))
    items = tuple(draw(_items(style, colour)) for style in styles for colour in "ab"[: draw(_whole(1, 2))])
    skus = tuple(
        Sku(f"{item.id}-{size}", item.id, size, draw(_whole(0, 4)))
        for item in items
        for size in "SL"[: draw(_whole(1, 2))]
    )
    ways = {region: Shipping(draw(_whole(0, 9)), draw(_whole(0, 9))) for region in REGIONS}
    return Problem(
        name="drawn",
        buckets=buckets,
        regions=REGIONS,
        factories=(Factory("F", ways),),
        lines=tuple(draw(_lines(f"L{number}", buckets, styles)) for number in range(draw(_whole(1, 2)))),
        styles=styles,
        items=items,
        skus=skus,
        fabrics=tuple(draw(_fabrics(name, buckets)) for name in ("linen", "wool")),
        lots=tuple(draw(_lots(f"D{number}", skus)) for number in range(draw(_whole(0, 6)))),
        changeover=Changeover(draw(_whole(0, 100)), draw(_whole(0, 100))),
    )


@st.composite
def _styles(draw: st.DrawFn, number: int) -> Style:
    minimum = draw(st.sampled_from((0, 0, 10, 40)))
    family = draw(st.sampled_from(("coat", "shirt")))
    return Style(f"S{number}", family, draw(_whole(0, 30)), draw(_whole(0, 500)), minimum)


@st.composite
def _items(draw: st.DrawFn, style: Style, colour: str) -> Item:
    return Item(
        id=f"{style.id}-{colour}",
        style=style.id,
        colour=colour,
        fabric=draw(st.sampled_from(("linen", "wool"))),
        setup_seconds=draw(_whole(0, 20)),
        setup_cost=draw(_whole(0, 200)),
        minimum=draw(st.sampled_from((0, 0, 5, 25))),
        release_bucket=draw(_whole(0, 2)),
        overs_value=draw(_whole(0, 8)),
        overs_maximum=draw(_whole(0, 6)),
    )


@st.composite
def _lines(draw: st.DrawFn, name: str, buckets: int, styles: tuple[Style, ...]) -> Line:
    min_run = draw(_whole(1, 8))
    able = draw(st.sets(st.sampled_from([style.id for style in styles]), min_size=0))
    return Line(
        id=name,
        factory="F",
        capacity=tuple(draw(st.sampled_from((0, 60, 150))) for _ in range(buckets)),
        min_run=min_run,
        max_run=draw(st.none() | _whole(min_run, 30)),
        tiers=(1, 10),
        styles={
            style: Rate(draw(_whole(0, 6)), draw(st.sampled_from(((9, 7), (5, 5), (3, 6)))))
            for style in sorted(able)
        },
    )


@st.composite
def _fabrics(draw: st.DrawFn, name: str, buckets: int) -> Fabric:
    arrivals = draw(st.lists(st.tuples(_whole(0, buckets - 1), _whole(0, 90)), max_size=2))
    buying = Purchase(draw(_whole(0, 40)), draw(_whole(1, 15)), draw(_whole(0, 5)), draw(_whole(0, 3)), 120)
    return Fabric(name, tuple(arrivals), draw(st.none() | st.just(buying)))


@st.composite
def _lots(draw: st.DrawFn, name: str, skus: tuple[Sku, ...]) -> Lot:
    sku = draw(st.sampled_from(skus))
    style = sku.item.split("-")[0]
    others = [other.id for other in skus if other.item.split("-")[0] == style and other.id != sku.id]
    chosen = draw(st.lists(st.sampled_from(others), unique=True, max_size=2)) if others else []
    return Lot(
        id=name,
        sku=sku.id,
        quantity=draw(_whole(0, 30)),
        due_day=draw(_whole(-3, 40)),
        region=draw(st.sampled_from(REGIONS)),
        late_cost=draw(_whole(0, 3)),
        early_cost=draw(_whole(0, 1)),
        unfilled_cost=draw(_whole(0, 60)),
        substitutes=tuple(Substitute(other, draw(_whole(0, 12)), draw(_whole(0, 5))) for other in chosen),
    )
