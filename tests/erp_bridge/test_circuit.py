import pytest

from erp_bridge import ErpRejected, ErpUnavailable
from erp_bridge.circuit import Circuit


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> Circuit:
    return Circuit(failures=3, pause_seconds=10, clock=clock)


def fail(circuit: Circuit, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(ErpUnavailable, match="no answer at all"), circuit:
            raise ErpUnavailable("no answer at all")


def is_open(circuit: Circuit) -> bool:
    """Whether a call would be turned away; a call let through is answered."""
    try:
        with circuit:
            return False
    except ErpUnavailable:
        return True


def test_it_stays_closed_while_answers_come(circuit: Circuit) -> None:
    fail(circuit, times=2)
    assert not is_open(circuit)
    fail(circuit, times=2)
    assert not is_open(circuit)


def test_failures_in_a_row_open_it_and_the_next_call_hears_so_at_once(circuit: Circuit) -> None:
    fail(circuit, times=3)
    with (
        pytest.raises(
            ErpUnavailable, match="no answer at all; 3 times in a row, so not asked again for 10 s"
        ),
        circuit,
    ):
        pytest.fail("the ERP was asked")


def test_a_refusal_is_an_answer(circuit: Circuit) -> None:
    fail(circuit, times=2)
    with pytest.raises(ErpRejected), circuit:
        raise ErpRejected("no such product")
    fail(circuit)
    assert not is_open(circuit)


def test_after_the_pause_a_trial_that_is_answered_closes_it(circuit: Circuit, clock: Clock) -> None:
    fail(circuit, times=3)
    clock.seconds += 9
    assert is_open(circuit)
    clock.seconds += 1
    assert not is_open(circuit)
    fail(circuit, times=2)
    assert not is_open(circuit)


def test_a_trial_without_an_answer_opens_it_for_another_pause(circuit: Circuit, clock: Clock) -> None:
    fail(circuit, times=3)
    clock.seconds += 10
    fail(circuit)
    assert is_open(circuit)
    clock.seconds += 9
    assert is_open(circuit)


def test_one_trial_at_a_time_is_let_through(circuit: Circuit, clock: Clock) -> None:
    fail(circuit, times=3)
    clock.seconds += 10
    with circuit:
        assert is_open(circuit)
    assert not is_open(circuit)


def test_a_trial_that_never_ends_does_not_keep_it_open_for_good(circuit: Circuit, clock: Clock) -> None:
    fail(circuit, times=3)
    clock.seconds += 10
    circuit.__enter__()
    assert is_open(circuit)
    clock.seconds += 10
    assert not is_open(circuit)
