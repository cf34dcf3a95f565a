import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from erp_bridge import ErpOrder, ErpOrderLine, Mode

ORDER = ErpOrder(
    reference="R-000123",
    factory="NINGBO",
    mode=Mode.OWN_LINE,
    line="NINGBO-1",
    lines=(ErpOrderLine("TEE-NAVY-M", 30), ErpOrderLine("TEE-NAVY-L", 20)),
    start_at=datetime(2027, 1, 11, tzinfo=UTC),
    finish_at=datetime(2027, 1, 15, tzinfo=UTC),
    currency="CNY",
)


def test_an_order_line_has_a_positive_quantity() -> None:
    with pytest.raises(ValueError, match="quantity > 0"):
        ErpOrderLine("TEE-NAVY-M", 0)


def test_an_order_names_each_sku_once() -> None:
    with pytest.raises(ValueError, match="one line for each SKU"):
        replace(ORDER, lines=(*ORDER.lines, ErpOrderLine("TEE-NAVY-M", 5)))


def test_an_order_without_lines_is_no_order() -> None:
    with pytest.raises(ValueError, match="at least one"):
        replace(ORDER, lines=())


def test_an_order_starts_before_it_finishes() -> None:
    with pytest.raises(ValueError, match="starts"):
        replace(ORDER, finish_at=ORDER.start_at - timedelta(days=1))


def test_moments_of_an_order_are_aware() -> None:
    with pytest.raises(ValueError, match="aware UTC"):
        replace(ORDER, start_at=datetime(2027, 1, 11))  # noqa: DTZ001


def test_a_reference_survives_file_names_and_search_fields() -> None:
    with pytest.raises(ValueError, match="letters, digits and hyphens"):
        replace(ORDER, reference="R 1/2%")


def test_importing_the_bridge_loads_no_client_of_odoo() -> None:
    loaded = "import sys, erp_bridge; print({'odoolib', 'httpx'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"
