"""A planning library: one JSON problem in, one JSON plan out (see README.md).

The documents, the second opinion and the pegging load no solver; ``planner.solve`` does and is
imported by whoever works, never by a web process.
"""

from planner.check import Cost, Violation, cost, violations
from planner.comparison import compare
from planner.demand import Item, Lot, Sku, Style, Substitute
from planner.difference import Difference, Effects, LotChange, MadeAt, Move, RunChange
from planner.disrupt import change_demand, delay_fabric, freeze, grant_time, lose_line
from planner.documents import InvalidDocument, InvalidPlan, InvalidProblem
from planner.pegging import Atom, Peg, follow, peg
from planner.plan import Explanation, Over, Piece, Plan, PurchaseOrder, Run, Slot
from planner.problem import Problem
from planner.supply import Changeover, Fabric, Factory, Line, Purchase, Rate, Shipping

__all__ = [
    "Atom",
    "Changeover",
    "Cost",
    "Difference",
    "Effects",
    "Explanation",
    "Fabric",
    "Factory",
    "InvalidDocument",
    "InvalidPlan",
    "InvalidProblem",
    "Item",
    "Line",
    "Lot",
    "LotChange",
    "MadeAt",
    "Move",
    "Over",
    "Peg",
    "Piece",
    "Plan",
    "Problem",
    "Purchase",
    "PurchaseOrder",
    "Rate",
    "Run",
    "RunChange",
    "Shipping",
    "Sku",
    "Slot",
    "Style",
    "Substitute",
    "Violation",
    "change_demand",
    "compare",
    "cost",
    "delay_fabric",
    "follow",
    "freeze",
    "grant_time",
    "lose_line",
    "peg",
    "violations",
]
