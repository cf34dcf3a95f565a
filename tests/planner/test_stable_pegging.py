"""peg(..., before=...): who is served stays where they were, and nobody pays for it."""

from collections import Counter
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from planner import Atom, Peg, Piece, Run, follow, peg
from tests.planner.test_pegging import atoms, runs, total

Place = tuple[str, str]  # run, SKU
Division = dict[tuple[str, Place], int]  # pieces of an atom at a place

few_atoms = st.lists(
    st.builds(
        lambda quantity, accepts: (quantity, ("blue",) if accepts else ()), st.integers(1, 2), st.booleans()
    ),
    max_size=4,
).map(lambda drawn: [Atom(f"A{n}", "D", "red", q, rank=n, accepts=ok) for n, (q, ok) in enumerate(drawn)])
few_runs = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(("red", "red", "blue")), st.integers(1, 3)), max_size=3
).map(lambda drawn: [Run(f"R{n}", sku, "L", b, (Piece("D", sku, q),)) for n, (b, sku, q) in enumerate(drawn)])


def completed(pegs: list[Peg], where: list[Run]) -> dict[str, int]:
    """The bucket of each atom's last piece."""
    bucket = {run.id: run.bucket for run in where}
    last: dict[str, int] = {}
    for one in pegs:
        last[one.atom] = max(bucket[one.run], last.get(one.atom, 0))
    return last


def without_some(where: list[Run], lost: set[str]) -> list[Run]:
    return [run for run in where if run.id not in lost]


lost_runs = st.sets(st.sampled_from(("R0", "R1", "R2", "R3")), max_size=2)


@settings(deadline=None)
@given(runs=runs, atoms=atoms, earlier=runs, earlier_atoms=atoms)
def test_pegs_in_force_cost_nobody_a_piece_or_a_bucket(
    runs: list[Run], atoms: list[Atom], earlier: list[Run], earlier_atoms: list[Atom]
) -> None:
    before = peg(earlier, earlier_atoms)
    fresh, stable = peg(runs, atoms), peg(runs, atoms, before)
    assert total(stable, "atom") == total(fresh, "atom")
    fresh_completed = completed(fresh, runs)
    assert all(day <= fresh_completed[atom] for atom, day in completed(stable, runs).items())


@settings(deadline=None)
@given(runs=runs, atoms=atoms, earlier=runs, earlier_atoms=atoms)
def test_stable_pegs_exceed_neither_run_nor_order_nor_consent(
    runs: list[Run], atoms: list[Atom], earlier: list[Run], earlier_atoms: list[Atom]
) -> None:
    pegs = peg(runs, atoms, peg(earlier, earlier_atoms))
    held: Counter[tuple[str, ...]] = Counter(
        {(run.id, p.lot, p.sku): p.quantity for run in runs for p in run.pieces}
    )
    assert all(quantity <= held[key] for key, quantity in total(pegs, "run", "lot", "sku").items())
    by_id = {atom.id: atom for atom in atoms}
    assert all(one.lot == by_id[one.atom].lot for one in pegs)
    assert all(one.sku in {by_id[one.atom].sku, *by_id[one.atom].accepts} for one in pegs)
    assert all(one.quantity > 0 for one in pegs)


@settings(deadline=None)
@given(runs=runs, atoms=atoms, earlier=runs, earlier_atoms=atoms)
def test_pegging_again_where_nothing_changed_changes_nothing(
    runs: list[Run], atoms: list[Atom], earlier: list[Run], earlier_atoms: list[Atom]
) -> None:
    fresh = peg(runs, atoms)
    assert peg(runs, atoms, fresh) == fresh
    stable = peg(runs, atoms, peg(earlier, earlier_atoms))
    assert peg(runs, atoms, stable) == stable


@settings(deadline=None)
@given(runs=runs, atoms=atoms, lost=lost_runs)
def test_a_lost_run_touches_nobody_in_lots_it_made_nothing_for(
    runs: list[Run], atoms: list[Atom], lost: set[str]
) -> None:
    before = peg(runs, atoms)
    after = peg(without_some(runs, lost), atoms, before)
    touched = {piece.lot for run in runs if run.id in lost for piece in run.pieces}
    assert [one for one in after if one.lot not in touched] == [p for p in before if p.lot not in touched]


def divisions(where: list[Run], wanted: list[Atom], fresh: list[Peg], before: list[Peg]) -> list[Division]:
    """Every way to serve all as well as ``fresh`` does, by trying them all."""
    room = {(run.id, piece.sku): piece.quantity for run in where for piece in run.pieces}
    last, served = completed(fresh, where), total(fresh, "atom")
    bucket = {run.id: run.bucket for run in where}
    skus = {atom.id: {p.sku for p in [*fresh, *before] if p.atom == atom.id} for atom in wanted}

    def serve(place: int, left: dict[Place, int]) -> Iterator[Division]:
        if place == len(wanted):
            yield {}
            return
        atom = wanted[place]
        may = [
            at
            for at in room
            if at[1] in skus[atom.id] & {atom.sku, *atom.accepts} and bucket[at[0]] <= last.get(atom.id, -1)
        ]
        for split in splits(served[atom.id,], [left[at] for at in may]):
            rest = left | {at: left[at] - n for at, n in zip(may, split, strict=True)}
            for others in serve(place + 1, rest):
                yield {(atom.id, at): n for at, n in zip(may, split, strict=True) if n} | others

    return list(serve(0, room))


def splits(quantity: int, limits: list[int]) -> Iterator[tuple[int, ...]]:
    if not limits:
        if quantity == 0:
            yield ()
        return
    for first in range(min(quantity, limits[0]) + 1):
        for rest in splits(quantity - first, limits[1:]):
            yield (first, *rest)


@settings(deadline=None)
@given(runs=few_runs, atoms=few_atoms, earlier=few_runs, earlier_atoms=few_atoms)
def test_as_many_pegs_stay_whole_as_any_pegging_allows_the_earliest_paid_first(
    runs: list[Run], atoms: list[Atom], earlier: list[Run], earlier_atoms: list[Atom]
) -> None:
    before = peg(earlier, earlier_atoms)
    fresh = peg(runs, atoms)
    possible = divisions(runs, atoms, fresh, before)
    places = [
        (run.id, sku) for sku in ("red", "blue") for run in sorted(runs, key=lambda r: (r.bucket, r.id))
    ]
    had = total(before, "atom", "run", "sku")
    left = total(fresh, "atom")
    for atom in atoms:
        for place in places:
            wanted = min(had[atom.id, *place], left[atom.id,])
            staying = [d for d in possible if d.get((atom.id, place), 0) >= wanted]
            if staying:
                possible = staying
                left[atom.id,] -= wanted
    stable = {(one.atom, (one.run, one.sku)): one.quantity for one in peg(runs, atoms, before)}
    assert stable in possible


RUNS = [
    Run("A", "red", "L", 1, (Piece("D", "red", 4),)),
    Run("B", "red", "M", 1, (Piece("D", "red", 4),)),
]
PAIRS = [Atom(f"pair{n}", "D", "red", 2, rank=n) for n in range(4)]
IN_FORCE = [Peg(run, f"pair{n}", "D", "red", 2) for n, run in enumerate("BABA")]


def test_orders_stay_in_their_runs_although_another_order_of_runs_would_do_as_well() -> None:
    assert peg(RUNS, PAIRS) != IN_FORCE
    assert peg(RUNS, PAIRS, IN_FORCE) == IN_FORCE


def test_a_shorter_run_moves_the_last_paid_order_whole_and_no_other() -> None:
    shorter = [Run("A", "red", "L", 1, (Piece("D", "red", 3),)), RUNS[1]]
    later = Run("C", "red", "L", 2, (Piece("D", "red", 2),))
    assert peg([*shorter, later], PAIRS, IN_FORCE) == [*IN_FORCE[:3], Peg("C", "pair3", "D", "red", 2)]


def test_whoever_paid_earlier_moves_to_a_new_earlier_run_and_leaves_their_place() -> None:
    sooner = Run("S", "red", "L", 0, (Piece("D", "red", 2),))
    assert peg([sooner, *RUNS], PAIRS, IN_FORCE) == [Peg("S", "pair0", "D", "red", 2), *IN_FORCE[1:]]


def test_a_new_order_that_paid_earlier_takes_the_piece_of_whoever_paid_last() -> None:
    first = Atom("first", "D", "red", 2, rank=-1)
    pegs = peg(RUNS, [first, *PAIRS], IN_FORCE)
    assert pegs == [Peg("A", "first", "D", "red", 2), *IN_FORCE[:3]]


def test_a_consent_in_use_stays_in_use_where_both_colours_are_made() -> None:
    made = [
        Run("R", "red", "L", 0, (Piece("D", "red", 1),)),
        Run("B", "blue", "L", 0, (Piece("D", "blue", 1),)),
    ]
    easy = Atom("easy", "D", "red", 1, 1, accepts=("blue",))
    assert peg(made, [easy], [Peg("B", "easy", "D", "blue", 1)]) == [Peg("B", "easy", "D", "blue", 1)]


def test_pegs_follow_their_cell_into_a_plan_with_other_ids() -> None:
    renamed = [Run("R-000001", "red", "M", 1), Run("R-000002", "red", "L", 2)]
    assert follow(IN_FORCE, RUNS, renamed) == [
        Peg("R-000001", "pair0", "D", "red", 2),
        Peg("R-000001", "pair2", "D", "red", 2),
    ]
