"""What changes from one plan to another: the document a planner reviews before approving a replan."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from typing import Any, Self

from planner.check import Cost, Violation
from planner.documents import Fields, InvalidPlan, plain

DIFFERENCE_FORMAT = "counterflow-difference/1"


@dataclass(frozen=True, slots=True)
class MadeAt:
    """Where pieces are made; ``factory`` is None where the problem does not know their line any more."""

    factory: str | None
    bucket: int


@dataclass(frozen=True, slots=True)
class Move:
    """Pieces wanted of an item that are made at another place; None stands for not made at all."""

    item: str
    before: MadeAt | None
    after: MadeAt | None
    pieces: int

    @classmethod
    def read(cls, fields: Fields) -> Self:
        before, after = (
            MadeAt(**fields.object(end).pick("factory", "bucket")) if fields.get(end) else None
            for end in ("before", "after")
        )
        return cls(before=before, after=after, **fields.pick("item", "pieces"))


@dataclass(frozen=True, slots=True)
class RunChange:
    """A run (item, line, bucket) with its pieces and overs in both plans; 0 where it is not there."""

    item: str
    line: str
    bucket: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Effects:
    """What becomes of pieces in the plan after, compared with the plan before; all counts are pieces.

    ``moved`` are made in another factory or bucket. ``piece_days`` is the sum over these of the days they
    arrive later, negative when earlier. Late and in time are by the due day of the new problem.
    ``unfilled`` were made for a lot that still wants them, ``gone`` for one that is not there or wants
    fewer; ``served`` are made and were not. ``substituted`` is how many more are of another SKU than
    ordered, negative when fewer.
    """

    moved: int = 0
    piece_days: int = 0
    became_late: int = 0
    became_timely: int = 0
    unfilled: int = 0
    served: int = 0
    gone: int = 0
    substituted: int = 0

    def __add__(self, other: "Effects") -> "Effects":
        return Effects(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def weight(self) -> tuple[int, int, int]:
        """Greater is worse: pieces more late or missing, then piece-days, then pieces that move."""
        lost = self.became_late - self.became_timely + self.unfilled - self.served
        return lost, self.piece_days, self.moved


@dataclass(frozen=True, slots=True)
class LotChange:
    """A lot whose pieces fare otherwise.

    ``item`` is that of the SKU it wants. A lot that is gone has ``wanted`` 0 and the item made for it.
    """

    lot: str
    item: str
    wanted: int
    effects: Effects

    @classmethod
    def read(cls, read: Fields) -> Self:
        names = [one.name for one in fields(Effects)]
        return cls(
            **read.pick("lot", "item", "wanted"), effects=Effects(**read.object("effects").pick(*names))
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """From the plan before to the plan after, in the terms of the problem ``problem``.

    ``cost_before`` is what the plan before would cost now: without what is gone, and with the cloth it
    would still have to buy. ``broken`` are the rules it would break: what forces the change. Frozen runs
    are named by their id in the problem: untouched where both plans have them as released.
    """

    problem: str
    moves: tuple[Move, ...]
    runs: tuple[RunChange, ...]
    lots: tuple[LotChange, ...]
    """Those that fare otherwise, the worst first."""
    cost_before: Cost
    cost_after: Cost
    frozen_untouched: tuple[str, ...] = ()
    frozen_changed: tuple[str, ...] = ()
    broken: tuple[Violation, ...] = ()

    @property
    def cost_change(self) -> Cost:
        """By part, what the plan after costs more; negative where it costs less."""
        before, after = astuple(self.cost_before), astuple(self.cost_after)
        return Cost(*(a - b for a, b in zip(after, before, strict=True)))

    @property
    def effects(self) -> Effects:
        """On all lots together."""
        return sum((lot.effects for lot in self.lots), Effects())

    def by_item(self) -> dict[str, Effects]:
        """The effects on each item's lots, the worst item first."""
        found: dict[str, Effects] = defaultdict(Effects)
        for lot in self.lots:
            found[lot.item] += lot.effects
        return dict(sorted(found.items(), key=lambda entry: [-n for n in entry[1].weight] + [entry[0]]))

    @classmethod
    def from_json(cls, raw: object) -> Self:
        """The difference in a JSON value. Raises InvalidPlan."""
        read = Fields(raw, "", InvalidPlan)
        if read.get("format") != DIFFERENCE_FORMAT:
            raise InvalidPlan("format", read.get("format"), f"must be {DIFFERENCE_FORMAT!r}")
        parts = [part.name for part in fields(Cost)]
        run = ("item", "line", "bucket", "before", "after")
        return cls(
            **read.pick("problem"),
            moves=tuple(Move.read(entry) for entry in read.objects("moves")),
            runs=tuple(RunChange(**entry.pick(*run)) for entry in read.objects("runs")),
            lots=tuple(LotChange.read(entry) for entry in read.objects("lots")),
            cost_before=Cost(**read.object("cost_before").pick(*parts)),
            cost_after=Cost(**read.object("cost_after").pick(*parts)),
            frozen_untouched=tuple(read.sequence("frozen_untouched")),
            frozen_changed=tuple(read.sequence("frozen_changed")),
            broken=tuple(Violation(**entry.pick("rule", "kind", "text")) for entry in read.objects("broken")),
        )

    def to_json(self) -> dict[str, Any]:
        return {"format": DIFFERENCE_FORMAT, **plain(self)}


def worst_first(changes: Iterable[LotChange]) -> tuple[LotChange, ...]:
    """In falling order of ``Effects.weight``, then by lot."""
    return tuple(sorted(changes, key=lambda change: [-n for n in change.effects.weight] + [change.lot]))
