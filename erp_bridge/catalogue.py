"""What the other side holds of products, firms and work centers, and what of it is wrong: pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from erp_bridge.records import ErpFactory, MasterData, Mode

PIECE, METRE = "piece", "metre"
OWN_LINES = "own lines"
AND = ", "


class Noun(StrEnum):
    """What a master data record is."""

    PRODUCT = "product"
    FABRIC = "fabric"
    FIRM = "firm"
    LINE = "line"
    WAREHOUSE = "warehouse"


class Trouble(StrEnum):
    """Why orders with a code cannot be made as they are meant."""

    UNMAPPED = "unmapped"  # nothing carries the code
    ARCHIVED = "archived"  # only what nobody may use any more carries it
    DOUBLE = "double"  # more than one record carries it
    WRONG_UNIT = "wrong_unit"  # ten of it are not ten pieces, or not ten metres
    NO_BILL = "no_bill"  # no bill of material tells what is used up


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record of the other side that carries one of our codes.

    ``unit`` is ``piece``, ``metre`` or the other side's own word. ``makers`` of a product are the codes of
    the firms that a bill of material lets make it, and ``OWN_LINES`` where one holds for these. ``reference``
    is what it is really under, where our code was found as its barcode instead.
    """

    noun: Noun
    code: str
    name: str
    unit: str = ""
    barcode: str = ""
    active: bool = True
    makers: frozenset[str] = frozenset()
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One code that stands in the way of orders; ``detail`` says what was found instead.

    Of ``NO_BILL`` it names the makers that lack one, joined by ``AND``.
    """

    noun: Noun
    code: str
    trouble: Trouble
    detail: str = ""


def findings(wanted: MasterData, held: Iterable[HeldRecord]) -> tuple[Finding, ...]:
    """What keeps orders of these products at these factories from being pushed, each code once."""
    by_code: defaultdict[tuple[Noun, str], list[HeldRecord]] = defaultdict(list)
    for record in held:
        by_code[record.noun, record.code].append(record)
    return tuple(
        finding
        for noun, code, unit, makers in _needs(wanted)
        if (finding := _finding(noun, code, unit, makers, by_code[noun, code]))
    )


def as_wanted(wanted: MasterData) -> tuple[HeldRecord, ...]:
    """What a side holds that has no master data of its own: all that we have, as we have it."""
    names = {(Noun.PRODUCT, each.sku): each.name for each in wanted.products}
    names |= {(Noun.FABRIC, each.code): each.name for each in wanted.fabrics}
    names |= {(Noun.FIRM, each.code): each.name for each in wanted.factories}
    return tuple(
        HeldRecord(noun, code, names.get((noun, code), code), unit, makers=makers)
        for noun, code, unit, makers in _needs(wanted)
    )


def _needs(wanted: MasterData) -> Iterator[tuple[Noun, str, str, frozenset[str]]]:
    """Each code with the unit it must be counted in and the makers its bills of material must name."""
    makers = frozenset(maker(factory) for factory in wanted.factories)
    for product in wanted.products:
        yield Noun.PRODUCT, product.sku, PIECE, makers
    for fabric in wanted.fabrics:
        yield Noun.FABRIC, fabric.code, METRE, frozenset()
    for factory in wanted.factories:
        if factory.mode is Mode.SUBCONTRACT:
            yield Noun.FIRM, factory.code, "", frozenset()
        else:
            yield from ((Noun.LINE, line, "", frozenset()) for line in factory.lines)


def maker(factory: ErpFactory) -> str:
    """Who uses a bill of material: a firm by its code, our own lines together."""
    return factory.code if factory.mode is Mode.SUBCONTRACT else OWN_LINES


def _finding(
    noun: Noun, code: str, unit: str, makers: frozenset[str], found: Sequence[HeldRecord]
) -> Finding | None:
    usable = [record for record in found if record.active and not record.reference]
    if len(usable) > 1:
        return Finding(noun, code, Trouble.DOUBLE, AND.join(record.name for record in usable))
    if not usable:
        archived = any(not record.active for record in found)
        elsewhere = AND.join(record.reference for record in found if record.reference)
        return Finding(noun, code, Trouble.ARCHIVED if archived else Trouble.UNMAPPED, elsewhere)
    (record,) = usable
    if unit and record.unit != unit:
        return Finding(noun, code, Trouble.WRONG_UNIT, record.unit)
    if lacking := makers - record.makers:
        return Finding(noun, code, Trouble.NO_BILL, AND.join(sorted(lacking)))
    return None
