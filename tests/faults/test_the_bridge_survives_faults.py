"""A small round of `make faults`: a bad network, a kill of each kind, and every run stands in Odoo once."""

import pytest

from api.local import odoo_setup
from tests import servers
from tests.faults.bridge import play, plot


@pytest.mark.parametrize("people", [False, True], ids=["nobody", "people"])
def test_every_run_stands_in_odoo_once_whatever_breaks_on_the_way(
    odoo: servers.Odoo,
    people: bool,  # noqa: FBT001
) -> None:
    del odoo  # it says whether this machine has one; the round kills its own
    installation = odoo_setup.find()
    assert installation
    the_plot = plot(1, runs=12, kills_of_each=1, people=people)
    outcome = play(the_plot, installation)
    assert [*outcome.verdict.words()] == []
    assert outcome.kills == len(the_plot.kills) == 4
