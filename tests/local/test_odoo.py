"""On the run's real Odoo: what the set-up promises to those who use it."""

import httpx
import pytest

from tests.servers import Odoo


def call(odoo: Odoo, key: str, model: str, method: str, **arguments: object) -> httpx.Response:
    return httpx.post(
        f"{odoo.url}/json/2/{model}/{method}",
        json=arguments,
        headers={"Authorization": f"Bearer {key}", "X-Odoo-Database": odoo.db},
        timeout=60,
    )


@pytest.mark.parametrize("model", ["mrp.production", "purchase.order", "stock.picking"])
def test_the_integration_user_sees_orders(odoo: Odoo, model: str) -> None:
    assert call(odoo, odoo.api_key, model, "search_count", domain=[]).json() >= 0


@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("product.template", {"name": "Tee"}),
        ("res.partner", {"name": "A factory"}),
        ("res.users", {"name": "An intruder", "login": "intruder"}),
    ],
)
def test_the_integration_user_may_not_make_master_data(
    odoo: Odoo, model: str, values: dict[str, str]
) -> None:
    refused = call(odoo, odoo.api_key, model, "create", vals_list=[values])
    assert refused.status_code == httpx.codes.FORBIDDEN


def test_the_master_data_user_makes_products_lines_and_factories_but_no_users(odoo: Odoo) -> None:
    for model in ("product.template", "mrp.workcenter", "res.partner"):
        made = call(odoo, odoo.master_data_key, model, "create", vals_list=[{"name": "Made by a test"}])
        assert made.status_code == httpx.codes.OK, made.text
    user = [{"name": "An intruder", "login": "intruder"}]
    refused = call(odoo, odoo.master_data_key, "res.users", "create", vals_list=user)
    assert refused.status_code == httpx.codes.FORBIDDEN


def test_a_person_signs_in_and_sees_the_back_office_with_its_scripts_and_styles(odoo: Odoo) -> None:
    with httpx.Client(base_url=odoo.url, timeout=60) as browser:
        sign_in = {"db": odoo.db, "login": "admin", "password": odoo.admin_password}
        answer = browser.post("/web/session/authenticate", json={"params": sign_in}).json()
        assert answer["result"]["username"] == "admin"
        page = browser.get("/odoo", follow_redirects=True)
        assert page.status_code == httpx.codes.OK
        assert "odoo.__session_info__" in page.text


def test_a_request_without_a_key_is_refused(odoo: Odoo) -> None:
    assert call(odoo, "0" * 40, "mrp.production", "search_count", domain=[]).status_code == 401
