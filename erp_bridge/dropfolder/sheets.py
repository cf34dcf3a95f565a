"""What we write into a drop folder, and the firm's list of products: records to text and back, pure."""

from dataclasses import dataclass
from datetime import datetime

from erp_bridge.dropfolder.tables import Malformed, moment_text, read_table, write_table
from erp_bridge.records import ErpOrder, ErpOrderLine, Mode

ORDER_COLUMNS = (
    "reference",
    "factory",
    "mode",
    "line",
    "start_at",
    "finish_at",
    "currency",
    "sku",
    "quantity",
    "unit_price_minor",
)
DATES_COLUMNS = ("reference", "start_at", "finish_at")
WITHDRAWAL_COLUMNS = ("reference", "reason")
PRODUCT_COLUMNS = ("sku", "name", "barcode", "unit")


@dataclass(frozen=True, slots=True)
class ListedProduct:
    """A product the firm knows."""

    sku: str
    name: str
    barcode: str
    unit: str


def order_sheet(order: ErpOrder) -> str:
    """An order, a row for each SKU; what holds for the whole order is repeated in each row."""
    return write_table(
        ORDER_COLUMNS,
        (
            (
                order.reference,
                order.factory,
                order.mode.value,
                order.line,
                moment_text(order.start_at),
                moment_text(order.finish_at),
                order.currency,
                line.sku,
                line.quantity,
                line.unit_price_minor,
            )
            for line in order.lines
        ),
    )


def dates_sheet(reference: str, start_at: datetime, finish_at: datetime) -> str:
    return write_table(DATES_COLUMNS, [(reference, moment_text(start_at), moment_text(finish_at))])


def withdrawal_sheet(reference: str, reason: str) -> str:
    return write_table(WITHDRAWAL_COLUMNS, [(reference, reason)])


def read_order(file: str, text: str) -> ErpOrder:
    """The order a file of ours holds; raises Malformed when somebody has changed it to what is none."""
    rows = list(read_table(file, text, ORDER_COLUMNS))
    if not rows:
        raise Malformed(file, 1, "reference", "", "an order has a row for each SKU, at least one")
    head = rows[0]
    lines = [
        (
            row["sku"],
            row.read("quantity", int, "whole pieces"),
            row.read("unit_price_minor", int, "whole minor units"),
        )
        for row in rows
    ]
    mode = head.read("mode", Mode, f"one of {', '.join(Mode)}")
    start_at, finish_at = head.moment("start_at"), head.moment("finish_at")
    try:
        return ErpOrder(
            reference=head["reference"],
            factory=head["factory"],
            mode=mode,
            line=head["line"],
            lines=tuple(ErpOrderLine(*line) for line in lines),
            start_at=start_at,
            finish_at=finish_at,
            currency=head["currency"],
        )
    except ValueError as exc:
        raise head.wrong("reference", str(exc)) from exc


def read_dates(file: str, text: str) -> tuple[datetime, datetime]:
    """Start and finish that an order was moved to."""
    rows = list(read_table(file, text, DATES_COLUMNS))
    if len(rows) != 1:
        raise Malformed(file, 1, "reference", "", f"one row of dates, not {len(rows)}")
    return rows[0].moment("start_at"), rows[0].moment("finish_at")


def read_products(file: str, text: str) -> tuple[ListedProduct, ...]:
    """What the firm says it can make; a row without a code is refused."""
    products = []
    for row in read_table(file, text, PRODUCT_COLUMNS):
        if not row["sku"]:
            raise row.wrong("sku", "the code of a product")
        products.append(ListedProduct(row["sku"], row["name"], row["barcode"], row["unit"]))
    return tuple(products)
