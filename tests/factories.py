"""Small worlds for tests: deterministic, and a test states only what it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, select

from api.domain.campaign import Campaign, CampaignKind, CampaignStatus
from api.domain.catalogue import Fabric, Item, Silhouette, Sku, Style
from api.domain.member import Member, Role
from api.domain.payment import Payment
from api.domain.preorder import Preorder, PreorderCreate, Region
from api.domain.production import Factory, Lane, LineRate, OrderChannel, OrderMode, ProductionLine
from api.domain.team import Team
from api.payments.port import EventKind, PaymentEvent
from api.security import hash_password
from api.services import intake, payment_events, payments, promises
from tests.fixtures import TODAY

PASSWORD = "counterflow"  # noqa: S105 - of people who exist in tests only
_HASH = hash_password(PASSWORD)


@dataclass(frozen=True)
class World:
    """A team with one style in two colours and three sizes, and two factories that can make it."""

    team: Team
    style: Style
    items: dict[str, Item]
    own: Factory
    outside: Factory
    campaign: Campaign


def make_world(session: Session, *, at: datetime = TODAY, **campaign: object) -> World:
    """Style TEE in indigo and white, sizes S, M, L; SKUs TEE-INDIGO-M and so on; an open campaign `tee`."""
    team = Team(code="alder", name="Team Alder")
    session.add(team)
    session.flush()
    style, items = _make_style(session, team)
    own = make_factory(session, "F1", OrderMode.OWN_LINE, style)
    outside = make_factory(session, "F2", OrderMode.SUBCONTRACT, style, unit_cost=3400)
    world = World(team, style, items, own, outside, make_campaign(session, team, style, at=at, **campaign))
    session.flush()
    return world


def _make_style(session: Session, team: Team) -> tuple[Style, dict[str, Item]]:
    style = Style(
        code="TEE",
        team_id=team.id,
        name_en="Work tee",
        name_zh="工装短袖",
        about_en="A heavy tee.",
        about_zh="厚实的短袖。",
        silhouette=Silhouette.TEE,
        family="knit",
        setup_seconds=1800,
        setup_cost_minor=20_000,
    )
    session.add(style)
    session.flush()
    colours = (("indigo", "靛蓝", "#24406e"), ("white", "棉白", "#f4f0e6"))
    return style, {colour: make_item(session, style, colour, *words) for colour, *words in colours}


def make_item(
    session: Session, style: Style, colour: str, colour_zh: str, colour_hex: str, *, minimum: int = 0
) -> Item:
    """A colour of a style in the sizes S, M, L, of a jersey of which there are 5 km in store."""
    fabric = Fabric(
        code=f"JERSEY-{colour.upper()}",
        name_en="Jersey 180 g",
        name_zh="汗布 180 克",
        stock_cm=500_000,
        dye_lot_minimum_cm=30_000,
        roll_cm=5_000,
        cost_per_metre_minor=2_000,
        lead_days=14,
        purchase_maximum_cm=1_000_000,
    )
    session.add(fabric)
    session.flush()
    item = Item(
        code=f"{style.code}-{colour.upper()}",
        style_id=style.id,
        fabric_id=fabric.id,
        colour=colour,
        colour_zh=colour_zh,
        colour_hex=colour_hex,
        setup_seconds=600,
        setup_cost_minor=5_000,
        minimum=minimum,
        overs_maximum=10,
        overs_value_minor=1_000,
    )
    session.add(item)
    session.flush()
    for size, use in (("S", 120), ("M", 130), ("L", 140)):
        session.add(Sku(code=f"{item.code}-{size}", item_id=item.id, size=size, fabric_use_cm=use))
    session.flush()
    return item


def make_factory(
    session: Session,
    code: str,
    mode: OrderMode,
    style: Style,
    *,
    unit_cost: int = 3000,
    channel: OrderChannel = OrderChannel.ERP,
) -> Factory:
    """A factory with one line `<code>-1`, able to make the style, two days from everywhere."""
    factory = Factory(code=code, name=f"Factory {code}", place="Ningbo", mode=mode, channel=channel)
    session.add(factory)
    session.flush()
    for region in Region:
        session.add(Lane(factory_id=factory.id, region=region, unit_cost_minor=100, lead_days=2))
    line = ProductionLine(
        code=f"{code}-1", factory_id=factory.id, shift_seconds=28_800, workdays=5, min_run=1, tiers=[1, 50]
    )
    session.add(line)
    session.flush()
    rate = LineRate(
        line_id=line.id,
        style_id=style.id,
        seconds_per_piece=600,
        unit_cost_minor=[unit_cost, unit_cost - 200],
    )
    session.add(rate)
    return factory


def make_campaign(
    session: Session, team: Team, style: Style, *, at: datetime = TODAY, **other: object
) -> Campaign:
    """An open group buy that closes tomorrow: minimum 5, 200.00, from 10 pieces 180.00."""
    values: dict[str, object] = {
        "slug": "tee",
        "kind": CampaignKind.GROUP_BUY,
        "opens_at": at - timedelta(days=7),
        "closes_at": at + timedelta(days=1),
        "minimum": 5,
        "ladder": [[1, 20_000], [10, 18_000]],
        "ship_from_on": at.date() + timedelta(days=35),
        "ship_by_on": at.date() + timedelta(days=42),
    }
    campaign = Campaign(team_id=team.id, style_id=style.id, **(values | other))
    campaign.begin(by="test", at=at - timedelta(days=9), why="drafted")
    session.add(campaign)
    for step in (CampaignStatus.SAMPLED, CampaignStatus.OPEN):
        campaign.move(step, by="test", at=at - timedelta(days=8), why="sample approved")
    session.flush()
    return campaign


def make_member(
    session: Session, role: Role, *, team: Team | None = None, factory: Factory | None = None
) -> Member:
    """A member of that role, `<role>@counterflow.example`, whose password is `PASSWORD`."""
    name = f"{role.value}{'-' + factory.code.lower() if factory else ''}"
    member = Member(
        email=f"{name}@counterflow.example",
        name=name.title(),
        role=role,
        password_hash=_HASH,
        team_id=team.id if team else None,
        factory_id=factory.id if factory else None,
    )
    session.add(member)
    session.flush()
    return member


def wanted(
    *,
    lines: Sequence[tuple[str, int]] = (("TEE-INDIGO-M", 1),),
    campaign: str = "tee",
    other_colour: bool = False,
    next_size: bool = False,
) -> PreorderCreate:
    """What a consumer of these tests sends."""
    return PreorderCreate.model_validate(
        {
            "campaign": campaign,
            "lines": [
                {"sku": s, "quantity": n, "accept_other_colour": other_colour, "accept_next_size": next_size}
                for s, n in lines
            ],
            "name": "Lin Yue",
            "email": "lin@example.com",
            "region": "east",
            "address": "12 Harbour Road, Ningbo",
        }
    )


def make_preorder(
    session: Session,
    *,
    lines: Sequence[tuple[str, int]] = (("TEE-INDIGO-M", 1),),
    campaign: str = "tee",
    paid: bool = True,
    at: datetime = TODAY,
    other_colour: bool = False,
    next_size: bool = False,
) -> Preorder:
    """A pre-order placed, and paid unless said otherwise, through the services."""
    request = wanted(lines=lines, campaign=campaign, other_colour=other_colour, next_size=next_size)
    preorder = intake.place(session, request, at=at)
    session.flush()
    if paid:
        pay(session, preorder, at=at)
    return preorder


def promise(session: Session, preorder: Preorder, by_on: date, *, at: datetime = TODAY) -> None:
    """Promise a pre-order for another day, with the row that the database wants to see."""
    promises.revise(session, preorder, by_on, given_by="test", reason="this test is about it", at=at)


def pay(session: Session, preorder: Preorder, *, at: datetime = TODAY) -> Payment:
    """The buyer goes to the provider, and its confirmation arrives at the same moment."""
    payments.start(session, preorder, at=at, return_url="/")
    return confirm(session, charge_of(session, preorder), at=at)


def charge_of(session: Session, preorder: Preorder) -> Payment:
    """The one charge of a pre-order."""
    return session.exec(
        select(Payment).where(Payment.preorder_id == preorder.id, Payment.kind == "charge")
    ).one()


def confirm(
    session: Session, payment: Payment, *, at: datetime = TODAY, kind: EventKind = EventKind.CONFIRMED
) -> Payment:
    """The provider's word on a payment, as its webhook brings it."""
    session.flush()
    event = PaymentEvent(payment.id, kind, reference=f"sbx_{payment.id.hex[:20]}", why=kind.value)
    payment = payment_events.apply(session, event, at=at)
    session.flush()
    return payment
