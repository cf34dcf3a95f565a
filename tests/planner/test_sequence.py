from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from planner import Changeover, Item, Piece, Plan, Problem, Run, Sku, Style, violations
from planner.baseline import baseline
from planner.sequence import in_order, schedule
from planner.supply import Rate
from tests.planner.cases import line, lot, tiny
from tests.planner.strategies import problems


@settings(max_examples=40, deadline=None)
@given(problem=problems())
def test_every_run_has_a_slot_and_the_schedule_keeps_the_rules(problem: Problem) -> None:
    plan = baseline(problem)
    plan = plan.stating(schedule=schedule(problem, plan.runs))
    assert {slot.run for slot in plan.schedule} == {run.id for run in plan.runs}
    assert violations(problem, plan) == []


def crowded(setups: list[int], changeover: Changeover) -> tuple[Problem, list[Run]]:
    """Three styles of two families, two colours each, one run of each colour in one bucket."""
    styles = [Style(f"S{n}", "coat" if n else "shirt", setup_seconds=setups[n]) for n in range(3)]
    items = [
        Item(f"{style.id}{c}", style.id, c, "cloth", setup_seconds=setups[3 + 2 * n + k])
        for n, style in enumerate(styles)
        for k, c in enumerate("ab")
    ]
    problem = tiny(
        styles=tuple(styles),
        items=tuple(items),
        skus=tuple(Sku(i.id, i.id, "M", 0) for i in items),
        lots=tuple(lot(i.id, i.id, 1) for i in items),
        lines=(line(styles={style.id: Rate(1, (1,)) for style in styles}),),
        changeover=changeover,
    )
    return problem, [Run(i.id, i.id, "L", 0, (Piece(i.id, i.id, 1),)) for i in items]


@settings(max_examples=30, deadline=None)
@given(
    setups=st.lists(st.integers(0, 50), min_size=9, max_size=9),
    changeover=st.builds(Changeover, st.integers(0, 100), st.integers(0, 100)),
)
def test_no_other_order_spends_less_time_on_changeovers(setups: list[int], changeover: Changeover) -> None:
    problem, runs = crowded(setups, changeover)

    def seconds(order: tuple[Run, ...]) -> int:
        last, total = None, 0
        for run in order:
            made = problem.find.item[run.item]
            style = problem.find.style[made.style]
            if last is style:
                total += -(-made.setup_seconds * changeover.same_style // 100)
            else:
                share = changeover.same_family if last and last.family == style.family else 100
                total += made.setup_seconds - (-style.setup_seconds * share // 100)
            last = style
        return total

    best = min(seconds(order) for order in permutations(runs))
    assert seconds(tuple(in_order(problem, runs))) == best
    plan = Plan("tiny", tuple(runs), schedule=schedule(problem, runs))
    assert [broken for broken in violations(problem, plan) if broken.rule == 6] == []
    assert sum(slot.changeover_seconds for slot in plan.schedule) == best
