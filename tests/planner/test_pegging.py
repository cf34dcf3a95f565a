from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from planner import Atom, Peg, Piece, Run, peg

SKUS = ("red", "blue", "navy")

atoms = st.lists(
    st.builds(
        lambda lot, quantity, accepts: (lot, quantity, tuple(accepts)),
        st.sampled_from(("D1", "D2")),
        st.integers(1, 4),
        st.lists(st.sampled_from(SKUS[1:]), unique=True),
    ),
    max_size=8,
).map(
    lambda drawn: [Atom(f"A{n}", lot, "red", q, rank=n, accepts=ok) for n, (lot, q, ok) in enumerate(drawn)]
)
pieces = st.builds(Piece, st.sampled_from(("D1", "D2")), st.sampled_from(SKUS), st.integers(1, 9))
runs = st.lists(st.lists(pieces, max_size=4, unique_by=lambda p: (p.lot, p.sku)), max_size=4).map(
    lambda drawn: [Run(f"R{n}", "i", "L", n, tuple(held)) for n, held in enumerate(drawn)]
)


def total(pegs: list[Peg], *names: str) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    for one in pegs:
        found[tuple(getattr(one, name) for name in names)] += one.quantity
    return found


@settings(deadline=None)
@given(runs=runs, atoms=atoms)
def test_pegs_exceed_neither_run_nor_order_nor_consent(runs: list[Run], atoms: list[Atom]) -> None:
    pegs = peg(runs, atoms)
    held: Counter[tuple[str, ...]] = Counter(
        {(run.id, p.lot, p.sku): p.quantity for run in runs for p in run.pieces}
    )
    assert all(quantity <= held[key] for key, quantity in total(pegs, "run", "lot", "sku").items())
    by_id = {atom.id: atom for atom in atoms}
    assert all(quantity <= by_id[key].quantity for (key,), quantity in total(pegs, "atom").items())
    assert all(one.lot == by_id[one.atom].lot for one in pegs)
    assert all(one.sku in {by_id[one.atom].sku, *by_id[one.atom].accepts} for one in pegs)
    assert all(one.quantity > 0 for one in pegs)


@settings(deadline=None)
@given(runs=runs, atoms=atoms)
def test_a_later_payer_never_costs_an_earlier_one_a_piece(runs: list[Run], atoms: list[Atom]) -> None:
    everyone = total(peg(runs, atoms), "atom")
    for count in range(len(atoms)):
        without_later = total(peg(runs, atoms[:count]), "atom")
        assert all(everyone[atom.id,] == without_later[atom.id,] for atom in atoms[:count])


@settings(deadline=None)
@given(runs=runs, atoms=atoms)
def test_no_piece_is_left_that_somebody_unserved_would_take(runs: list[Run], atoms: list[Atom]) -> None:
    pegs = peg(runs, atoms)
    given_to = total(pegs, "atom")
    left = Counter({(p.lot, p.sku): 0 for run in runs for p in run.pieces})
    for run in runs:
        left.update({(p.lot, p.sku): p.quantity for p in run.pieces})
    left.subtract({(lot, sku): n for (lot, sku), n in total(pegs, "lot", "sku").items()})
    for atom in atoms:
        if given_to[atom.id,] < atom.quantity:
            assert all(left[atom.lot, sku] == 0 for sku in (atom.sku, *atom.accepts))


def test_who_paid_earlier_is_served_first_and_from_the_earlier_run() -> None:
    runs = [
        Run("late", "i", "L", 3, (Piece("D", "red", 2),)),
        Run("early", "i", "L", 1, (Piece("D", "red", 2),)),
    ]
    atoms = [Atom(name, "D", "red", 2, rank) for name, rank in (("third", 3), ("first", 1), ("second", 2))]
    assert peg(runs, atoms) == [Peg("early", "first", "D", "red", 2), Peg("late", "second", "D", "red", 2)]


def test_an_order_is_not_split_over_runs_when_one_run_can_take_all_of_it() -> None:
    runs = [Run("A", "i", "L", 0, (Piece("D", "red", 3),)), Run("B", "i", "L", 1, (Piece("D", "red", 2),))]
    atoms = [Atom("two", "D", "red", 2, 1), Atom("pair", "D", "red", 2, 2), Atom("one", "D", "red", 1, 3)]
    assert total(peg(runs, atoms), "atom", "run") == {("two", "A"): 2, ("pair", "B"): 2, ("one", "A"): 1}


def test_a_consent_frees_the_ordered_colour_for_someone_who_gave_none() -> None:
    runs = [
        Run("R", "red", "L", 0, (Piece("D", "red", 1),)),
        Run("B", "blue", "L", 0, (Piece("D", "blue", 1),)),
    ]
    atoms = [Atom("easy", "D", "red", 1, 1, accepts=("blue",)), Atom("strict", "D", "red", 1, 2)]
    assert total(peg(runs, atoms), "atom", "sku") == {("easy", "blue"): 1, ("strict", "red"): 1}
