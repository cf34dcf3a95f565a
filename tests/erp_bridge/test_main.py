import pytest

from erp_bridge.__main__ import main, ping
from tests.erp_bridge.conftest import OdooServer


def test_a_ping_says_who_we_are_there(odoo: OdooServer) -> None:
    status, sentence = ping({"ODOO_URL": odoo.url, "ODOO_DB": odoo.db, "ODOO_API_KEY": odoo.api_key})
    assert status == 0
    assert odoo.db in sentence
    assert odoo.api_key not in sentence


def test_a_ping_names_the_variables_it_misses(capsys: pytest.CaptureFixture[str]) -> None:
    assert ping({"ODOO_URL": "http://127.0.0.1"})[1] == "Set ODOO_DB, ODOO_API_KEY to reach an Odoo."
    with pytest.raises(SystemExit):
        main(["pong"])
    assert "invalid choice: 'pong'" in capsys.readouterr().err


def test_a_ping_with_a_bad_key_asks_for_a_person(odoo: OdooServer) -> None:
    status, sentence = ping({"ODOO_URL": odoo.url, "ODOO_DB": odoo.db, "ODOO_API_KEY": "bad"})
    assert status == 1
    assert "a person must look at it" in sentence


def test_a_ping_to_nowhere_asks_for_patience(nowhere: str) -> None:
    status, sentence = ping({"ODOO_URL": nowhere, "ODOO_DB": "db", "ODOO_API_KEY": "key"})
    assert status == 75
    assert "try again later" in sentence
