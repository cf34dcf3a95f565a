"""The integration user has the rights its work needs, and no others; what it lacks has a name."""

from collections.abc import Iterator

import pytest

from erp_bridge import ErpRejected, Mode
from erp_bridge.client import Odoo
from erp_bridge.odoo import OdooGateway
from tests.erp_bridge.backoffice import BackOffice
from tests.erp_bridge.conftest import OdooServer
from tests.erp_bridge.sides import make_order, push_one
from tests.servers import Odoo as Server

MUST_NOT_MAKE = {
    "product.template": {"name": "Tee"},
    "product.product": {"name": "Tee"},
    "mrp.bom": {"product_tmpl_id": 1},
    "mrp.workcenter": {"name": "A line"},
    "res.partner": {"name": "A firm"},
    "res.users": {"name": "An intruder", "login": "intruder"},
    "res.users.apikeys": {"name": "a second key", "scope": "rpc"},
    "ir.config_parameter": {"key": "x", "value": "y"},
}


@pytest.fixture(scope="module")
def office(odoo: Server) -> Iterator[BackOffice]:
    signed_in = BackOffice(odoo.url, odoo.db, odoo.admin_password)
    yield signed_in
    signed_in.close()


@pytest.mark.parametrize("model", MUST_NOT_MAKE)
def test_the_integration_user_makes_no_master_data_and_no_users(prepared: OdooServer, model: str) -> None:
    with (
        Odoo(prepared.url, prepared.db, prepared.api_key) as odoo,
        pytest.raises(ErpRejected, match="lacks a right"),
    ):
        odoo[model].create(vals_list=[MUST_NOT_MAKE[model]])


def test_the_integration_user_is_in_two_groups_and_those_they_bring(office: BackOffice) -> None:
    (user,) = office.call("res.users", "search", [("login", "=", "erp_bridge")])
    (row,) = office.call("res.users", "read", [user], ["group_ids"])
    named = office.call(
        "ir.model.data",
        "search_read",
        [("model", "=", "res.groups"), ("res_id", "in", row["group_ids"])],
        ["complete_name"],
    )
    assert {one["complete_name"] for one in named} == {"mrp.group_mrp_user", "purchase.group_purchase_user"}


@pytest.mark.parametrize(
    ("group", "mode", "lacking"),
    [
        ("purchase.group_purchase_user", Mode.OWN_LINE, "mrp.production"),
        ("mrp.group_mrp_user", Mode.SUBCONTRACT, "purchase.order"),
    ],
)
def test_a_push_without_a_right_is_refused_with_its_name(
    prepared: OdooServer, office: BackOffice, reference: str, group: str, mode: Mode, lacking: str
) -> None:
    key = office.add_user(f"half-{group}", groups=[group])
    with (
        OdooGateway(prepared.url, prepared.db, key) as gateway,
        pytest.raises(ErpRejected, match="You are not allowed to") as refused,
    ):
        push_one(gateway, make_order(reference, mode))
    assert lacking in str(refused.value)
    assert "/User" in str(refused.value)
