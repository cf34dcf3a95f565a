"""A team's bonus by a formula with a version: past periods are never counted anew by a changed one."""

from dataclasses import dataclass

FORMULA = "net_sales_margin_turnover/1"
_BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Period:
    """What a team's campaigns brought in a period, in minor units."""

    sales_minor: int
    refunds_minor: int
    cost_minor: int
    fees_minor: int

    @property
    def net_sales_minor(self) -> int:
        return self.sales_minor - self.refunds_minor

    @property
    def profit_minor(self) -> int:
        return self.net_sales_minor - self.cost_minor - self.fees_minor

    @property
    def margin_basis_points(self) -> int:
        """Profit in ten-thousandths of net sales, rounded half up; 0 where nothing was sold."""
        if self.net_sales_minor <= 0:
            return 0
        return (2 * _BASIS_POINTS * self.profit_minor + self.net_sales_minor) // (2 * self.net_sales_minor)


def bonus(period: Period, *, rate_basis_points: int, turnover_percent: int) -> int:
    """Net sales x margin x rate x turnover factor, in minor units, rounded down; never below nothing (V5)."""
    return max(0, period.profit_minor) * rate_basis_points * turnover_percent // (_BASIS_POINTS * 100)
