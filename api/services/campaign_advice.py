"""What a few more orders would change for a campaign, beside the plan there is: its margin of the moment.

No solver: the paid pieces of now are put into what the latest plan leaves as a merchandiser would, and
each piece of advice is a changed plan priced by the second opinion (`planner.advice`).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlmodel import Session, col, select

import planner
from api.domain.campaign import Campaign
from api.domain.catalogue import Item
from api.domain.plan import Plan, PlanStatus
from api.domain.preorder import Preorder, PreorderLine, PreorderStatus
from api.services import campaigns, planning
from planner.advice import Advice, advise
from planner.baseline import baseline
from planner.remainder import remainder

_GONE = (PreorderStatus.CANCELLED, PreorderStatus.REFUNDED)


@dataclass(frozen=True, slots=True)
class Hint:
    """`pieces` more reach the minimum, the next price of a run, or fill the weeks set up (`kind`).

    `item` is the colour meant, None for any; `line` and `week_on` where the run would be, where it is
    one. Amounts in minor units: `cost_minor` all in, `brings_minor` by the ladder for the whole campaign,
    `unit_saving_minor` what each piece of the run gets cheaper.
    """

    kind: str
    pieces: int
    item: Item | None
    line: str | None
    week_on: date | None
    cost_minor: int
    brings_minor: int
    unit_saving_minor: int

    @property
    def margin_minor(self) -> int:
        return self.brings_minor - self.cost_minor


@dataclass(frozen=True, slots=True)
class Hints:
    """The advice, and the number of the plan beside which it holds."""

    plan: str
    hints: tuple[Hint, ...]


def of_campaign(session: Session, offer: campaigns.Offer) -> Hints | None:
    """Advice for the paid pieces of now; None where no plan says what lines and cloth are taken."""
    plan = _latest(session)
    if plan is None or plan.problem is None:
        return None
    known = planner.Problem.from_json(plan.problem | {"lots": [], "frozen": []})  # the plan's runs hold them
    if offer.style.code not in known.find.style:
        return None
    left = remainder(known, planner.Plan.from_json(plan.answer))
    problem = _with_campaign(session, left, offer, plan.day_zero)
    found = advise(problem, baseline(problem), styles=[offer.style.code])
    return Hints(plan.number, tuple(_hint(offer, one, plan.day_zero, problem) for one in found))


def _latest(session: Session) -> Plan | None:
    """The latest plan that was proposed or approved; one put away takes nothing."""
    states = (PlanStatus.PROPOSED, PlanStatus.APPROVED)
    query = select(Plan).where(col(Plan.status).in_(states)).order_by(col(Plan.requested_at).desc())
    return session.exec(query.limit(1)).first()


def _with_campaign(
    session: Session, left: planner.Problem, offer: campaigns.Offer, day_zero: date
) -> planner.Problem:
    """What the plan leaves, asked for the campaign's paid pieces.

    A campaign is decided on paid pieces: below its minimum no overs can stand in for them, and once it is
    reached it binds no longer.
    """
    code = offer.style.code
    lots = tuple(_lots(session, left, offer, day_zero))
    short = sum(lot.quantity for lot in lots) < offer.campaign.minimum
    least = offer.campaign.minimum if short else 0
    return replace(
        left,
        styles=tuple(
            replace(style, campaign_minimum=least) if style.id == code else style for style in left.styles
        ),
        items=tuple(
            replace(item, overs_maximum=0) if short and item.style == code else item for item in left.items
        ),
        lots=lots,
    )


def _lots(
    session: Session, left: planner.Problem, offer: campaigns.Offer, day_zero: date
) -> Iterable[planner.Lot]:
    """Paid pieces by SKU, region and consents."""
    due_day = (offer.campaign.ship_by_on - day_zero).days
    skus = {sku.id: sku for sku in offer.skus}
    pieces: dict[tuple[str, str, str], int] = defaultdict(int)
    alike: dict[str, PreorderLine] = {}
    for line, preorder in _paid(session, offer.campaign):
        pieces[skus[line.sku_id].code, preorder.region.value, line.consents] += line.quantity
        alike[f"{skus[line.sku_id].code}/{line.consents}"] = line
    price = offer.campaign.prices.price(sum(pieces.values()))
    for (code, region, consents), quantity in sorted(pieces.items()):
        accepted = offer.accepted(alike[f"{code}/{consents}"])
        yield planner.Lot(
            id=f"{code}/{region}/{consents}",
            sku=code,
            quantity=quantity,
            due_day=due_day,
            region=region,
            late_cost=planning.share(price, planning.LATE_PER_DAY),
            early_cost=planning.share(price, planning.EARLY_PER_DAY),
            unfilled_cost=planning.share(price, planning.UNFILLED),
            substitutes=tuple(
                planner.Substitute(sku.code, quantity, planning.share(price, planning.SUBSTITUTED))
                for sku in accepted
                if sku.code in left.find.sku
            ),
        )


def _paid(session: Session, campaign: Campaign) -> Sequence[tuple[PreorderLine, Preorder]]:
    return session.exec(
        select(PreorderLine, Preorder)
        .join(Preorder, col(Preorder.id) == PreorderLine.preorder_id)
        .where(
            Preorder.campaign_id == campaign.id,
            col(Preorder.paid_at).is_not(None),
            col(Preorder.status).not_in(_GONE),
        )
    ).all()


def _hint(offer: campaigns.Offer, one: Advice, day_zero: date, problem: planner.Problem) -> Hint:
    paid = sum(lot.quantity for lot in problem.lots)
    prices = offer.campaign.prices
    before = 0 if one.kind == "minimum" else paid * prices.price(paid)
    after = one.delivered if one.kind == "minimum" else paid + one.pieces
    return Hint(
        kind=one.kind,
        pieces=one.pieces,
        item=next((item for item in offer.items if item.code == one.item), None),
        line=one.line,
        week_on=None if one.bucket is None else day_zero + timedelta(weeks=one.bucket),
        cost_minor=one.cost,
        brings_minor=after * prices.price(after) - before,
        unit_saving_minor=one.unit_saving,
    )
