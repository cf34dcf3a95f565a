"""What the client makes of everything an Odoo can answer, and of no answer at all."""

import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import pytest

from erp_bridge import ErpRejected, ErpUnavailable, Mode, ProgressState
from erp_bridge.circuit import Circuit
from erp_bridge.client import Odoo
from erp_bridge.mapping import to_text
from erp_bridge.odoo import OdooGateway
from tests.erp_bridge.conftest import OdooServer
from tests.erp_bridge.faulty import FaultyOdoo, in_front_of
from tests.erp_bridge.sides import FINISH, OdooSide, make_order


@pytest.fixture
def client(odoo: OdooServer) -> Iterator[Odoo]:
    with Odoo(odoo.url, odoo.db, odoo.api_key) as connection:
        yield connection


@pytest.fixture
def faulty(odoo: OdooServer) -> Iterator[FaultyOdoo]:
    with in_front_of(odoo.url) as server:
        yield server


def test_one_record_read_is_a_list_of_one(client: Odoo) -> None:
    user = client["res.users"].context_get()["uid"]
    assert len(client["res.users"].read(ids=[user], fields=["login"])) == 1


def test_a_bad_key_is_refused_and_not_quoted(odoo: OdooServer) -> None:
    with Odoo(odoo.url, odoo.db, "a-bad-key") as connection:
        with pytest.raises(ErpRejected, match="refuses the API key") as refusal:
            connection["res.users"].context_get()
        assert "a-bad-key" not in f"{refusal.value!r} {connection!r} {connection.bearer_header!r}"


def test_a_database_that_is_not_there_is_named_as_the_likely_cause(odoo: OdooServer) -> None:
    with (
        Odoo(odoo.url, "no-such-database", odoo.api_key) as connection,
        pytest.raises(ErpUnavailable, match="name of the database"),
    ):
        connection["res.users"].context_get()


def test_a_model_odoo_lacks_is_refused_in_its_words(client: Odoo) -> None:
    with pytest.raises(ErpRejected, match=r"the model 'no\.such\.model' does not exist"):
        client["no.such.model"].search(domain=[])


def test_a_missing_right_is_refused_by_its_name_without_traceback(client: Odoo) -> None:
    with pytest.raises(ErpRejected, match=r"lacks a right: .*Product Variant") as refusal:
        client["product.product"].create(vals_list=[{"name": "A tee nobody may add"}])
    assert "Traceback" not in str(refusal.value)


def test_a_failed_load_is_refused_though_odoo_answers_200(client: Odoo) -> None:
    with pytest.raises(ErpRejected, match="Reference"):
        client["stock.reference"].load(fields=["id", "name"], data=[["counterflow.reference_nameless", ""]])


def test_a_server_that_is_not_there_is_unavailable(nowhere: str) -> None:
    with Odoo(nowhere, "db", "key") as connection, pytest.raises(ErpUnavailable, match="ConnectError"):
        connection["res.users"].context_get()


def test_a_server_that_never_answers_is_unavailable_after_the_time_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with (
            Odoo(url, "db", "key", read_seconds=0.05) as connection,
            pytest.raises(ErpUnavailable, match="ReadTimeout"),
        ):
            connection["mrp.production"].write(ids=[1], vals={})


@pytest.mark.parametrize("address", ["erp.example", "ftp://erp.example", "https://"])
def test_an_address_without_scheme_or_host_is_refused_at_once(address: str) -> None:
    with pytest.raises(ErpRejected, match="not the address of an Odoo"):
        Odoo(address, "db", "key")


def test_a_read_is_repeated_while_the_server_is_busy(faulty: FaultyOdoo, odoo: OdooServer) -> None:
    faulty.answer["search_count"] = [503, 502]
    with Odoo(faulty.url, odoo.db, odoo.api_key) as connection:
        assert connection["mrp.production"].search_count(domain=[("id", "=", 0)]) == 0
    assert faulty.seen == ["search_count"] * 3


def test_a_server_that_is_down_is_not_asked_again_for_a_while(faulty: FaultyOdoo, odoo: OdooServer) -> None:
    faulty.answer["write"] = [503] * 5
    circuit = Circuit(failures=5, pause_seconds=60)
    with Odoo(faulty.url, odoo.db, odoo.api_key, circuit=circuit) as connection:
        for _ in range(7):
            with pytest.raises(ErpUnavailable):
                connection["mrp.production"].write(ids=[], vals={})
        with pytest.raises(ErpUnavailable, match="not asked again"):
            connection["mrp.production"].search_count(domain=[])
    assert faulty.seen == ["write"] * 5


def test_more_callers_than_the_erp_can_bear_wait_for_one_another(
    faulty: FaultyOdoo, odoo: OdooServer
) -> None:
    faulty.pair = Barrier(2)
    with (
        Odoo(faulty.url, odoo.db, odoo.api_key, calls_at_once=2) as connection,
        ThreadPoolExecutor(6) as pool,
    ):
        calls = [pool.submit(connection["mrp.production"].search_count, domain=[]) for _ in range(12)]
        assert len({call.result() for call in calls}) == 1
    assert len(faulty.seen) == 12
    assert faulty.most_at_once == 2


def test_a_write_is_never_repeated_by_the_client(faulty: FaultyOdoo, odoo: OdooServer) -> None:
    faulty.answer["write"] = [503]
    with Odoo(faulty.url, odoo.db, odoo.api_key) as connection, pytest.raises(ErpUnavailable, match="busy"):
        connection["mrp.production"].write(ids=[], vals={})
    assert faulty.seen == ["write"]


def test_a_page_that_is_not_odoo_is_refused(faulty: FaultyOdoo, odoo: OdooServer) -> None:
    faulty.answer["search_count"] = [404]
    with (
        Odoo(faulty.url, odoo.db, odoo.api_key) as connection,
        pytest.raises(ErpRejected, match="check the address"),
    ):
        connection["mrp.production"].search_count(domain=[])


def test_nothing_secret_is_logged(odoo: OdooServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with OdooGateway(odoo.url, odoo.db, odoo.api_key, odoo.master_data_key) as gateway:
        gateway.ping()
        said = f"{caplog.text} {gateway!r}"
    assert "res.users/context_get" in said
    assert odoo.api_key not in said
    assert odoo.master_data_key not in said


@pytest.mark.parametrize(
    ("mode", "lost"),
    [
        (Mode.OWN_LINE, "search_read"),
        (Mode.OWN_LINE, "load"),
        (Mode.OWN_LINE, "create"),
        (Mode.OWN_LINE, "action_confirm"),
        (Mode.OWN_LINE, "write"),
        (Mode.SUBCONTRACT, "load"),
        (Mode.SUBCONTRACT, "button_confirm"),
    ],
)
def test_an_answer_lost_after_odoo_acted_leaves_each_order_exactly_once(
    faulty: FaultyOdoo, odoo_side: OdooSide, reference: str, mode: Mode, lost: str
) -> None:
    orders = [make_order(f"{reference}-{each}", mode) for each in "12"]
    gateway = odoo_side.gateway(faulty.url)
    faulty.drop = [lost]
    for _ in range(2):
        with suppress(ErpUnavailable):
            gateway.push(orders)
    assert faulty.drop == []
    for name in (order.reference for order in orders):
        (progress,) = gateway.pull([name]).progress
        assert (progress.state, progress.expected_finish_at) == (ProgressState.CONFIRMED, FINISH)
        assert odoo_side.orders(name) == (2 if mode is Mode.OWN_LINE else 1)
        assert len(odoo_side.purchases(name)) == (0 if mode is Mode.OWN_LINE else 1)
        assert {row["date_finished"] for row in odoo_side.productions(name)} <= {to_text(FINISH)}
