"""Laws of the drop folder's files: what is written is what is read, whatever people put into it."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from erp_bridge import ErpOrder, ErpOrderLine, Mode
from erp_bridge.dropfolder.answers import Answer, AnswerState, read_answers
from erp_bridge.dropfolder.sheets import dates_sheet, order_sheet, read_dates, read_order
from erp_bridge.dropfolder.tables import write_table

# Any word without a space at its ends, which readers of tables take off; quotes, commas, line ends inside.
words = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
).filter(lambda word: word == word.strip())
moments = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - aware by the timezones given


@st.composite
def orders(draw: st.DrawFn) -> ErpOrder:
    skus = draw(st.lists(words, min_size=1, max_size=4, unique=True))
    start, finish = sorted(draw(st.lists(moments, min_size=2, max_size=2, unique=True)))
    amounts = st.integers(1, 10**6)
    return ErpOrder(
        reference=draw(st.from_regex(r"R-[0-9]{6}", fullmatch=True)),
        factory=draw(words),
        mode=draw(st.sampled_from(Mode)),
        line=draw(words),
        lines=tuple(ErpOrderLine(sku, draw(amounts), draw(amounts)) for sku in skus),
        start_at=start,
        finish_at=finish,
        currency=draw(words),
    )


@given(orders())
def test_an_order_that_was_written_is_read_as_it_was(order: ErpOrder) -> None:
    assert read_order("orders/x.csv", order_sheet(order)) == order


@given(moments, moments)
def test_dates_that_were_written_are_read_as_they_were(start_at: datetime, finish_at: datetime) -> None:
    assert read_dates("dates/x.csv", dates_sheet("R-000001", start_at, finish_at)) == (start_at, finish_at)


@given(st.lists(st.tuples(st.sampled_from(AnswerState), st.integers(0, 10**6), words), max_size=5))
def test_the_columns_of_an_answer_may_stand_in_any_order_beside_others(
    rows: list[tuple[AnswerState, int, str]],
) -> None:
    columns = ("words", "done", "remark", "sku", "expected_finish_at", "state", "reference")
    written = [(said, done, "!", "TEE", "", state.value, "R-000001") for state, done, said in rows]
    text = write_table(columns, [*written, ("", "", "", "", "", len(rows), "end")])
    assert read_answers("answers/x.csv", text, lambda _: frozenset({"TEE"})) == tuple(
        Answer("R-000001", state, "TEE", done, words=said) for state, done, said in rows
    )
