import io
import json
import os
from pathlib import Path

import pytest

from erp_bridge import Mode
from erp_bridge.__main__ import main
from erp_bridge.documents import plain
from tests.erp_bridge.conftest import OdooServer
from tests.erp_bridge.firm import FolderSide
from tests.erp_bridge.sides import SKUS, OdooSide, make_order

Said = pytest.CaptureFixture[str]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Odoo is named, whatever the machine's environment says."""
    for name in ("ODOO_URL", "ODOO_DB", "ODOO_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def named(prepared: OdooServer, monkeypatch: pytest.MonkeyPatch) -> OdooServer:
    """The environment names the tests' Odoo."""
    monkeypatch.setenv("ODOO_URL", prepared.url)
    monkeypatch.setenv("ODOO_DB", prepared.db)
    monkeypatch.setenv("ODOO_API_KEY", prepared.api_key)
    return prepared


@pytest.fixture
def firm(tmp_path: Path) -> FolderSide:
    return FolderSide(tmp_path / "drop", SKUS)


def written(tmp_path: Path, *references: str, **changed: object) -> str:
    """A file of orders as JSON."""
    file = tmp_path / "orders.json"
    orders = [plain(make_order(each, Mode.OWN_LINE)) | changed for each in references]
    file.write_text(json.dumps(orders if len(orders) != 1 else orders[0]))
    return str(file)


def test_a_ping_says_who_we_are_there(named: OdooServer, capsys: Said) -> None:
    assert main(["ping"]) == 0
    sentence = capsys.readouterr().out
    assert named.db in sentence
    assert named.api_key not in sentence


@pytest.mark.usefixtures("environment")
def test_a_ping_names_the_variables_it_misses(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    monkeypatch.setenv("ODOO_URL", "http://127.0.0.1")
    assert main(["ping"]) == 2
    assert capsys.readouterr().err == "Set ODOO_DB, ODOO_API_KEY to reach an Odoo, or name a --folder.\n"
    with pytest.raises(SystemExit):
        main(["pong"])
    assert "invalid choice: 'pong'" in capsys.readouterr().err


def test_a_ping_with_a_bad_key_asks_for_a_person(named: OdooServer, capsys: Said) -> None:
    del named
    os.environ["ODOO_API_KEY"] = "bad"  # the fixture puts the environment back
    assert main(["ping"]) == 1
    assert "a person must look at it" in capsys.readouterr().err


def test_a_ping_to_nowhere_asks_for_patience(named: OdooServer, nowhere: str, capsys: Said) -> None:
    del named
    os.environ["ODOO_URL"] = nowhere
    assert main(["ping"]) == 75
    assert "try again later" in capsys.readouterr().err


@pytest.mark.usefixtures("environment")
def test_orders_of_a_file_are_pushed_and_pulled(firm: FolderSide, tmp_path: Path, capsys: Said) -> None:
    folder = ["--folder", str(firm.root)]
    file = written(tmp_path, "R-000001", "R-000002")
    for created in (True, False):
        assert main([*folder, "push", file]) == 0
        assert json.loads(capsys.readouterr().out)["R-000002"] == {
            "reference": "R-000002",
            "documents": ["R-000002.csv"],
            "created": created,
        }
    firm.report("R-000001", {SKUS[0]: 4})
    assert main([*folder, "pull", "R-000001", "R-000009"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [(each["reference"], each["state"]) for each in said["progress"]] == [
        ("R-000001", "started"),
        ("R-000009", "missing"),
    ]
    assert {"sku": SKUS[0], "quantity": 4} in said["progress"][0]["done"]
    assert main([*folder, "pull", "R-000001", "--since", said["watermark"]]) == 0
    assert json.loads(capsys.readouterr().out)["progress"] == []


@pytest.mark.usefixtures("environment")
def test_a_refused_order_asks_for_a_person_by_its_name(
    firm: FolderSide, tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [{"sku": "TEE-PINK-XS", "quantity": 3}]
    order = Path(written(tmp_path, "R-000001", lines=lines)).read_text()
    monkeypatch.setattr("sys.stdin", io.StringIO(order))
    assert main(["--folder", str(firm.root), "push", "-"]) == 1
    assert "TEE-PINK-XS" in json.loads(capsys.readouterr().out)["R-000001"]["refused"]


MISTAKES = [
    ({"mode": "sewn"}, "mode 'sewn': wants one of own_line, subcontract"),
    ({"start_at": "Monday"}, "start_at 'Monday': wants a moment with its offset"),
    ({"start_at": "2027-01-11T00:00:00"}, "start_at '2027-01-11T00:00:00': wants a moment with its offset"),
    ({"finish_at": 3}, "finish_at 3: wants a moment with its offset"),
    ({"factory": None}, "factory None: wants text"),
    ({"lines": 3}, "lines 3: wants a list of lines"),
    ({"lines": [{"sku": "X", "quantity": 1.5}]}, "lines[0].quantity 1.5: wants a whole number"),
    ({"lines": [{"sku": "X", "quantity": True}]}, "lines[0].quantity True: wants a whole number"),
    ({"lines": [{"quantity": 1}]}, "lines[0].sku is missing: wants text"),
    ({"lines": ["X"]}, "lines[0] 'X': wants an object with its fields"),
    ({"lines": [{"sku": "X", "quantity": 0}]}, "the order: order line"),
    ({"reference": "R 1"}, "the order: reference 'R 1': wants letters, digits and hyphens"),
]


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(("changed", "words"), MISTAKES)
def test_what_is_no_order_is_told_by_field_and_value(
    firm: FolderSide, tmp_path: Path, capsys: Said, changed: dict[str, object], words: str
) -> None:
    assert main(["--folder", str(firm.root), "push", written(tmp_path, "R-000001", **changed)]) == 2
    assert f"orders.json holds no order: {words}" in capsys.readouterr().err
    assert firm.orders("R-000001") == 0


@pytest.mark.usefixtures("environment")
def test_a_file_that_is_no_json_or_not_there_is_named(firm: FolderSide, tmp_path: Path, capsys: Said) -> None:
    (tmp_path / "broken.json").write_text('{"reference": ')
    assert main(["--folder", str(firm.root), "push", str(tmp_path / "broken.json")]) == 2
    assert "broken.json holds no order: line 1, column 15" in capsys.readouterr().err
    assert main(["--folder", str(firm.root), "push", str(tmp_path / "none.json")]) == 2
    assert "none.json: No such file or directory" in capsys.readouterr().err


def test_what_somebody_changed_in_odoo_is_told_against_a_file(
    named: OdooServer, odoo_side: OdooSide, reference: str, tmp_path: Path, capsys: Said
) -> None:
    del named
    file = written(tmp_path, reference)
    assert main(["push", file]) == 0
    assert main(["drift", file]) == 0
    standing = [row["id"] for row in odoo_side.productions(reference)]
    odoo_side.odoo["mrp.production"].action_cancel(ids=standing)
    capsys.readouterr()
    assert main(["drift", file]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["ours"], found["theirs"]) == ("state", "confirmed", "cancelled")


@pytest.mark.usefixtures("environment")
def test_nobody_edits_the_orders_of_a_drop_folder(firm: FolderSide, tmp_path: Path, capsys: Said) -> None:
    assert main(["--folder", str(firm.root), "drift", written(tmp_path, "R-000001")]) == 1
    assert "stands as it was sent" in capsys.readouterr().err
