from datetime import timedelta

import pytest
from sqlmodel import Session, select

from api.domain.campaign import CampaignStatus
from api.domain.errors import CampaignNotOpen, RoleMissing, Unknown
from api.domain.member import Role
from api.domain.outbox import OutboxMessage
from api.domain.payment import Payment, PaymentKind, PaymentPurpose
from api.domain.preorder import Preorder, PreorderStatus
from api.domain.team import Team
from api.services import campaign_close, campaigns, payments
from tests.factories import charge_of, confirm, make_campaign, make_member, make_preorder, make_world
from tests.fixtures import TODAY

CLOSED = TODAY + timedelta(days=1)


def refunds(session: Session) -> list[Payment]:
    return list(session.exec(select(Payment).where(Payment.kind == PaymentKind.REFUND)))


def test_a_campaign_with_enough_paid_pieces_is_a_go_at_one_price_for_all(session: Session) -> None:
    world = make_world(session)
    first = make_preorder(session, lines=[("TEE-INDIGO-M", 9)])
    second = make_preorder(session, lines=[("TEE-WHITE-S", 3)])
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    session.flush()
    assert world.campaign.status == CampaignStatus.DECIDED
    assert (world.campaign.settled_price_minor, world.campaign.decided_pieces) == (18_000, 12)
    assert {first.status, second.status} == {PreorderStatus.CONFIRMED}
    assert {r.preorder_id: r.amount_minor for r in refunds(session)} == {
        first.id: 9 * 2_000,
        second.id: 3 * 2_000,
    }


def test_a_campaign_below_its_minimum_fails_and_everything_goes_back(session: Session) -> None:
    world = make_world(session)
    paid, unpaid = make_preorder(session), make_preorder(session, paid=False)
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    session.flush()
    assert world.campaign.status == CampaignStatus.FAILED
    assert {paid.status, unpaid.status} == {PreorderStatus.CANCELLED}
    (refund,) = refunds(session)
    assert (refund.preorder_id, refund.amount_minor) == (paid.id, 20_000)
    confirm(session, refund, at=CLOSED)
    assert paid.status == PreorderStatus.REFUNDED


def test_closing_again_changes_nothing(session: Session) -> None:
    world = make_world(session)
    make_preorder(session)
    for _ in range(3):
        campaign_close.close(session, world.campaign.id, at=CLOSED)
        session.flush()
    assert len(refunds(session)) == 1
    assert len(session.exec(select(OutboxMessage).where(OutboxMessage.topic == "payment.refund")).all()) == 1


def test_the_close_waits_for_a_payment_under_way_and_counts_it(session: Session) -> None:
    world = make_world(session)
    make_preorder(session, lines=[("TEE-INDIGO-M", 4)])
    late = make_preorder(session, paid=False)
    payments.start(session, late, at=CLOSED - timedelta(seconds=1), return_url="/")
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    assert world.campaign.status == CampaignStatus.CLOSING
    confirm(session, charge_of(session, late), at=CLOSED + timedelta(minutes=1))
    campaign_close.close(session, world.campaign.id, at=CLOSED + timedelta(minutes=1))
    assert (world.campaign.status, world.campaign.decided_pieces) == (CampaignStatus.DECIDED, 5)


def test_a_payment_after_the_grace_is_paid_back_and_told_why(session: Session) -> None:
    world = make_world(session)
    make_preorder(session, lines=[("TEE-INDIGO-M", 5)])
    late = make_preorder(session, paid=False)
    payments.start(session, late, at=CLOSED - timedelta(seconds=1), return_url="/")
    over = CLOSED + timedelta(seconds=world.campaign.grace_seconds)
    campaign_close.close(session, world.campaign.id, at=over)
    assert (world.campaign.status, late.status) == (CampaignStatus.DECIDED, PreorderStatus.CANCELLED)
    confirm(session, charge_of(session, late), at=over + timedelta(seconds=1))
    (refund,) = refunds(session)
    assert refund.reason == "the payment arrived after the campaign was decided"
    confirm(session, refund, at=over + timedelta(minutes=1))
    assert late.status == PreorderStatus.REFUNDED


def test_campaigns_missed_for_days_are_due_in_the_order_of_their_deadlines(session: Session) -> None:
    world = make_world(session)
    earlier = make_campaign(
        session, world.team, world.style, slug="earlier", closes_at=CLOSED - timedelta(hours=3)
    )
    make_campaign(session, world.team, world.style, slug="later", closes_at=CLOSED + timedelta(days=30))
    due = campaign_close.due(session, at=CLOSED + timedelta(days=7))
    assert list(due) == [earlier.id, world.campaign.id]


def test_a_campaign_is_not_due_a_second_early(session: Session) -> None:
    make_world(session)
    assert campaign_close.due(session, at=CLOSED - timedelta(seconds=1)) == []


def test_no_pre_order_is_taken_once_a_person_has_closed_it(session: Session) -> None:
    world = make_world(session)
    buyer = make_member(session, Role.BUYER, team=world.team)
    campaign_close.close_now(session, "tee", member=buyer, why="cloth is gone", at=TODAY)
    with pytest.raises(CampaignNotOpen):
        make_preorder(session, at=TODAY)


def test_only_a_member_of_the_team_with_the_right_closes_a_campaign(session: Session) -> None:
    make_world(session)
    stranger = Team(code="birch", name="Team Birch")
    session.add(stranger)
    session.flush()
    with pytest.raises(Unknown):
        campaign_close.close_now(
            session, "tee", member=make_member(session, Role.BUYER, team=stranger), why="no", at=TODAY
        )
    with pytest.raises(RoleMissing):
        campaign_close.close_now(
            session, "tee", member=make_member(session, Role.PLANNER), why="no", at=TODAY
        )


def test_the_counter_equals_what_was_paid(session: Session) -> None:
    world = make_world(session)
    for pieces in (1, 2, 3):
        make_preorder(session, lines=[("TEE-WHITE-L", pieces)])
    charged = sum(
        p.amount_minor
        for p in session.exec(select(Payment))
        if p.confirmed_at and p.kind == PaymentKind.CHARGE
    )
    assert campaigns.paid_pieces(session, world.campaign.id) * 20_000 == charged


def test_pieces_a_team_has_added_still_count_when_the_balances_are_in(session: Session) -> None:
    deposit = {"terms": ["deposit"], "deposit_minor": 2_000, "deposit_kind": "forfeitable"}
    world = make_world(session, minimum=7, expected_drop_percent=0, **deposit)
    orders = [make_preorder(session) for _ in range(6)]
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    buyer = make_member(session, Role.BUYER, team=world.team)
    campaign_close.accept_rescue(session, "tee", member=buyer, at=CLOSED)
    assert world.campaign.status == CampaignStatus.COLLECTING
    for order in orders:
        session.flush()
        payments.start(session, order, at=CLOSED, return_url="/")
        confirm(session, balance_of(session, order), at=CLOSED)
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    assert world.campaign.status == CampaignStatus.DECIDED


def balance_of(session: Session, preorder: Preorder) -> Payment:
    return session.exec(
        select(Payment).where(Payment.preorder_id == preorder.id, Payment.purpose == PaymentPurpose.BALANCE)
    ).one()
