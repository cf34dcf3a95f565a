"""What a drop folder keeps to beyond the contract: whole files, no answer lost, words for what is wrong."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from erp_bridge import ErpRejected, ErpUnavailable, Mode, Pieces, ProgressState
from erp_bridge.dropfolder import DropFolder
from tests.erp_bridge.firm import COLUMNS, FolderSide
from tests.erp_bridge.sides import FINISH, SKUS, START, make_order, push_one

ORDER = make_order("R-000123", Mode.SUBCONTRACT)


@pytest.fixture
def firm(tmp_path: Path) -> FolderSide:
    return FolderSide(tmp_path / "drop", SKUS)


@pytest.fixture
def ordered(firm: FolderSide) -> FolderSide:
    """A firm that has the order R-000123."""
    push_one(firm.gateway(), ORDER)
    return firm


def names(folder: Path) -> list[str]:
    """All there is in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def test_an_order_is_one_file_of_a_row_for_each_sku(ordered: FolderSide) -> None:
    assert (ordered.root / "orders" / "R-000123.csv").read_bytes().decode() == (
        "reference,factory,mode,line,start_at,finish_at,currency,sku,quantity,unit_price_minor\r\n"
        "R-000123,PORTO,subcontract,PORTO-1,2027-01-11T00:00:00Z,2027-01-15T10:00:00Z,CNY,TEE-NAVY-M,10,1250\r\n"
        "R-000123,PORTO,subcontract,PORTO-1,2027-01-11T00:00:00Z,2027-01-15T10:00:00Z,CNY,TEE-NAVY-L,6,1250\r\n"
    )


def test_many_writers_of_one_order_make_one_file_and_leave_no_other(firm: FolderSide) -> None:
    start = Barrier(8)

    def push(_: int) -> bool:
        gateway = firm.gateway()
        start.wait()
        return push_one(gateway, ORDER).created

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(push, range(8))) == 1
    assert names(firm.root / "orders") == ["R-000123.csv"]


def test_a_file_of_a_writer_that_died_is_neither_read_nor_in_the_way(firm: FolderSide) -> None:
    (firm.root / "orders" / ".R-000123.csv.0123456789abcdef.part").write_text("reference,fac")
    assert push_one(firm.gateway(), ORDER).created
    assert firm.orders("R-000123") == 2


def test_an_answer_is_told_once_to_each_watermark(ordered: FolderSide) -> None:
    gateway = ordered.gateway()
    assert gateway.pull(["R-000123"]).watermark == "00000000"
    ordered.accept("R-000123")
    pulled = gateway.pull(["R-000123"], "00000000")
    assert [each.state for each in pulled.progress] == [ProgressState.CONFIRMED]
    assert pulled.watermark == "00000001"
    assert gateway.pull(["R-000123"], pulled.watermark).progress == ()


def test_an_answer_that_comes_after_a_later_one_is_not_overlooked(ordered: FolderSide) -> None:
    gateway = ordered.gateway()
    ordered.answer([["R-000123", "started", "TEE-NAVY-M", "4"]], number=2)
    pulled = gateway.pull(["R-000123"])
    assert pulled.watermark == "00000000"
    assert pulled.notices == ("answers/00000001.csv is missing, though later ones are there",)
    ordered.answer([["R-000123", "accepted", "", "", "2027-01-20T10:00:00+08:00"]], number=1)
    pulled = gateway.pull(["R-000123"], pulled.watermark)
    assert pulled.watermark == "00000002"
    assert pulled.notices == ()
    (progress,) = pulled.progress
    assert progress.state is ProgressState.STARTED  # the second answer is the later one, whenever it came
    assert str(progress.expected_finish_at) == "2027-01-20 02:00:00+00:00"


MALFORMED = [
    (["R-000999", "accepted"], "reference 'R-000999': no order of this reference was sent"),
    (["orders/R-000123", "accepted"], "reference 'orders/R-000123': no order of this reference was sent"),
    (["R-000123", "sewn"], "state 'sewn': one of accepted, refused, started, done, cancelled"),
    (["R-000123", "started", "TEE-PINK-M", "4"], "sku 'TEE-PINK-M': was not ordered under R-000123"),
    (["R-000123", "started", "TEE-NAVY-M", "4.5"], "done '4.5': whole pieces"),
    (["R-000123", "started", "TEE-NAVY-M", "-4"], "done '-4': whole pieces, not fewer than 0"),
    (["R-000123", "started", "TEE-NAVY-M", ""], "done '': good pieces so far stand beside their SKU"),
    (
        ["R-000123", "started", "", "", "20 January"],
        "expected_finish_at '20 January': a moment with its offset",
    ),
    (
        ["R-000123", "started", "", "", "2027-01-20T10:00:00"],
        "expected_finish_at '2027-01-20T10:00:00': a mom",
    ),
    (["R-000123", "accepted", "", "", "", "a", "b"], "words 'a': the row has more fields than columns"),
]


@pytest.mark.parametrize(("row", "words"), MALFORMED)
def test_a_malformed_answer_is_set_aside_with_its_place_and_what_was_wanted(
    ordered: FolderSide, row: list[str], words: str
) -> None:
    good = ["R-000123", "started", "TEE-NAVY-L", "2"]
    ordered.answer([good, row])
    gateway = ordered.gateway()
    for pulled in (gateway.pull(["R-000123"]), ordered.gateway().pull(["R-000123"])):
        (notice,) = pulled.notices
        assert notice.startswith(f"answers/00000001.csv, line 3, {words}")
        assert pulled.progress[0].done == (Pieces("TEE-NAVY-L", 0), Pieces("TEE-NAVY-M", 0))  # all or none
        assert pulled.watermark == "00000000"
    assert not (ordered.root / "answers" / "00000001.csv").exists()
    assert ",TEE-NAVY-L,2" in (ordered.root / "aside" / "00000001.csv").read_text()
    assert (ordered.root / "aside" / "00000001.csv.error.txt").read_text().strip() == notice


def test_an_answer_sent_again_corrected_counts_and_the_notice_is_gone(ordered: FolderSide) -> None:
    gateway = ordered.gateway()
    ordered.answer([["R-000123", "started", "TEE-NAVY-M", "four"]])
    ordered.answer([["R-000123", "started", "TEE-NAVY-L", "1"]])
    watermark = gateway.pull(["R-000123"]).watermark
    ordered.answer([["R-000123", "started", "TEE-NAVY-M", "4"]], number=1)
    pulled = gateway.pull(["R-000123"], watermark)
    assert (pulled.notices, pulled.watermark) == ((), "00000002")
    assert dict(pulled.progress[0].done) == {"TEE-NAVY-M": 4, "TEE-NAVY-L": 1}


def test_half_an_answer_waits_until_it_is_whole(ordered: FolderSide) -> None:
    path = ordered.answer([["R-000123", "started", "TEE-NAVY-M", "4"]])
    whole, gateway = path.read_bytes(), ordered.gateway()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        pulled = gateway.pull(["R-000123"])
        assert pulled.progress[0].state is ProgressState.WAITING
        assert pulled.watermark == "00000000"
    path.write_bytes(whole)
    assert gateway.pull(["R-000123"]).progress[0].state is ProgressState.STARTED


def test_an_answer_that_counts_its_rows_wrong_is_set_aside(ordered: FolderSide) -> None:
    ordered.answer([["R-000123", "accepted"]], end="2")
    (notice,) = ordered.gateway().pull(["R-000123"]).notices
    assert notice == (
        "answers/00000001.csv, line 3, state '2': the last row counts the rows before it, which are 1"
    )


def test_a_file_without_the_columns_or_without_a_number_is_named(ordered: FolderSide) -> None:
    (ordered.root / "answers" / "00000001.csv").write_text("reference;state\nR-000123;accepted\n")
    (ordered.root / "answers" / "friday.csv").write_text("")
    columns, name = ordered.gateway().pull(["R-000123"]).notices
    assert columns.startswith("answers/00000001.csv, line 1, reference, state, sku")
    assert columns.endswith(f"'reference;state': the columns are {','.join(COLUMNS)}")
    assert name == "answers/friday.csv: the name of an answer is its number, 00000001.csv"


def test_a_refusal_comes_back_in_the_words_of_the_firm_in_whatever_spreadsheet_they_were_written(
    ordered: FolderSide,
) -> None:
    text = f"{','.join(COLUMNS)}\r\nR-000123,refused,,,,三月以前没有产能\r\nend,1\r\n"
    (ordered.root / "answers" / "00000001.csv").write_bytes(text.encode("gb18030"))
    (progress,) = ordered.gateway().pull(["R-000123"]).progress
    assert (progress.state, progress.words) == (ProgressState.CANCELLED, "三月以前没有产能")


def test_a_firm_that_lists_no_products_is_sent_every_order(tmp_path: Path) -> None:
    firm = FolderSide(tmp_path / "drop", ())
    with pytest.raises(
        ErpRejected, match=r"products.csv has no product with the code TEE-NAVY-L, TEE-NAVY-M"
    ):
        push_one(firm.gateway(), ORDER)
    (firm.root / "products.csv").unlink()
    assert push_one(firm.gateway(), ORDER).created


def test_what_the_firm_made_after_a_withdrawal_is_told(ordered: FolderSide) -> None:
    gateway = ordered.gateway()
    gateway.cancel("R-000123", reason="The campaign failed")
    assert "The campaign failed" in (ordered.root / "withdrawals" / "R-000123.csv").read_text()
    assert gateway.pull(["R-000123"]).progress[0].state is ProgressState.CANCELLED
    ordered.answer([["R-000123", "cancelled", "TEE-NAVY-M", "3"]])
    (progress,) = gateway.pull(["R-000123"]).progress
    assert (progress.state, dict(progress.done)["TEE-NAVY-M"]) == (ProgressState.DONE, 3)


def test_dates_may_be_moved_back_and_forth(ordered: FolderSide) -> None:
    gateway = ordered.gateway()
    later = FINISH.replace(day=29)
    for finish in (later, FINISH, FINISH, later):
        gateway.reschedule("R-000123", start_at=START, finish_at=finish)
        assert gateway.pull(["R-000123"]).progress[0].expected_finish_at == finish
    assert names(ordered.root / "dates") == [f"R-000123.00{n}.csv" for n in (1, 2, 3)]


def test_an_order_of_ours_that_somebody_spoiled_hides_no_other_one(ordered: FolderSide) -> None:
    push_one(ordered.gateway(), make_order("R-000124", Mode.SUBCONTRACT))
    path = ordered.root / "orders" / "R-000123.csv"
    path.write_text(path.read_text().replace(",10,", ",ten,"))
    pulled = ordered.gateway().pull(["R-000123", "R-000124"])
    assert [each.reference for each in pulled.progress] == ["R-000124"]
    assert pulled.notices == ("orders/R-000123.csv, line 2, quantity 'ten': whole pieces",)
    with pytest.raises(ErpRejected, match=r"orders/R-000123.csv, line 2"):
        ordered.gateway().cancel("R-000123", reason="no more")


def test_a_folder_that_is_not_there_asks_for_patience_and_is_not_made(tmp_path: Path) -> None:
    gateway = DropFolder(tmp_path / "share")
    for ask in (gateway.ping, lambda: gateway.push([ORDER]), lambda: gateway.pull(["R-000123"])):
        with pytest.raises(ErpUnavailable, match=re.escape("is the share mounted?")):
            ask()
    assert names(tmp_path) == []


def test_a_ping_says_which_folder_and_as_whom(firm: FolderSide) -> None:
    identity = firm.gateway().ping()
    assert identity.system == f"drop folder {firm.root}"
    assert identity.user


def test_what_the_file_system_refuses_is_a_refusal(firm: FolderSide) -> None:
    with pytest.raises(ErpRejected, match="File name too long"):
        push_one(firm.gateway(), make_order(f"R-{'1' * 300}", Mode.SUBCONTRACT))


def test_a_ping_tries_to_write_in_every_folder_and_leaves_nothing_there(firm: FolderSide) -> None:
    firm.gateway().ping()
    assert list(firm.root.glob("*/*")) == []
    (firm.root / "aside").rmdir()
    (firm.root / "aside").symlink_to("/proc/self")  # where not even root may write
    with pytest.raises((ErpRejected, ErpUnavailable), match="aside"):
        firm.gateway().ping()
