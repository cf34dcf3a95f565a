"""A small round of `make faults`: a bad network, a kill of each kind, and every run stands in Odoo once."""

from api.local import odoo_setup
from tests import servers
from tests.faults.bridge import play, plot


def test_every_run_stands_in_odoo_once_whatever_breaks_on_the_way(odoo: servers.Odoo) -> None:
    del odoo  # it says whether this machine has one; the round kills its own
    installation = odoo_setup.find()
    assert installation
    the_plot = plot(1, runs=12, kills_of_each=1)
    outcome = play(the_plot, installation)
    assert [*outcome.verdict.words()] == []
    assert outcome.kills == len(the_plot.kills) == 4


def test_a_seed_draws_the_same_round_again_and_another_one_another() -> None:
    assert plot(3, runs=500) == plot(3, runs=500)
    assert plot(3, runs=500).kills != plot(4, runs=500).kills
