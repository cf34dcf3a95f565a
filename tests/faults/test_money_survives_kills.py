from tests.faults.money import play


def test_a_few_rounds_come_to_the_same_sums_with_and_without_kills() -> None:
    said: list[str] = []
    assert play(5, seed=1, say=said.append) == 0, "\n".join(said)
