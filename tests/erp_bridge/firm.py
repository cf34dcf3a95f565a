"""A firm at the other end of a drop folder: a small program that reads our files and writes answers."""

import csv
from pathlib import Path

from erp_bridge import Gateway, Pieces
from erp_bridge.dropfolder import FOLDERS, DropFolder

COLUMNS = ["reference", "state", "sku", "done", "expected_finish_at", "words"]


def lay_out(root: Path) -> None:
    """The folders that whoever sets up the exchange makes once."""
    for name in FOLDERS:
        (root / name).mkdir(parents=True)


class FolderSide:
    """A drop folder, and the clerk of the firm that works in it."""

    def __init__(self, root: Path, products: tuple[str, ...]) -> None:
        self.root = root
        lay_out(root)
        lines = ["sku,name,barcode,unit", *(f"{sku},Boxy tee,,piece" for sku in products)]
        (root / "products.csv").write_text("\n".join(lines) + "\n")
        self._made: dict[str, list[Pieces]] = {}

    def gateway(self) -> Gateway:
        return DropFolder(self.root)

    def orders(self, reference: str) -> int:
        return len(self.ordered(reference))

    def ordered(self, reference: str) -> dict[str, int]:
        """Pieces by SKU of the files that carry the reference, as the firm reads them."""
        rows = [
            row
            for path in (self.root / "orders").glob("*.csv")
            for row in csv.DictReader(path.read_text().splitlines())
            if row["reference"] == reference
        ]
        return {row["sku"]: int(row["quantity"]) for row in rows}

    def accept(self, reference: str) -> None:
        self.answer([[reference, "accepted"]])

    def report(self, reference: str, made: dict[str, int]) -> None:
        """Book pieces on top of those booked before, and say how many there are by now."""
        booked = self._made.setdefault(reference, [])
        booked.extend(Pieces(*each) for each in made.items())
        total = {sku: sum(each.quantity for each in booked if each.sku == sku) for sku in made}
        ordered = self.ordered(reference)
        over = all(
            sum(each.quantity for each in booked if each.sku == sku) >= n for sku, n in ordered.items()
        )
        self.answer(
            [[reference, "done" if over else "started", sku, str(done)] for sku, done in total.items()]
        )

    def later(self, watermark: str) -> str:
        return f"{int(watermark) + 1000:08}"

    def answer(self, rows: list[list[str]], *, number: int = 0, end: str = "") -> Path:
        """A file of rows under the next number, or the one that is given."""
        number = number or max([0, *(int(path.stem) for path in self.root.glob("a*/*.csv"))]) + 1
        path = self.root / "answers" / f"{number:08}.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *rows, ["end", end or len(rows)]])
        return path
