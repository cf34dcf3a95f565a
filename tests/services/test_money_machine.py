"""Whatever happens in whatever order: money in is money out and money held, for each pre-order and in all."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, create_engine, func
from sqlmodel import Session, col, select

import api.db
from api.domain.campaign import CampaignKind, CampaignStatus
from api.domain.errors import Refusal
from api.domain.ledger import Account, LedgerEntry, LedgerPosting
from api.domain.member import Role
from api.domain.payment import DepositKind, Payment, PaymentKind, PaymentStatus
from api.domain.payment_exception import CHOICES, ExceptionStatus, PaymentException
from api.domain.preorder import Preorder, PreorderCreate, PreorderStatus
from api.payments.port import EventKind, PaymentEvent
from api.services import (
    campaign_close,
    campaigns,
    cancellation,
    intake,
    ledger,
    payment_events,
    payment_exceptions,
    payments,
    preorders,
    rescues,
    waiting,
    withdrawal,
)
from tests.factories import World, make_member, make_world
from tests.fixtures import TODAY

ENDED = (PreorderStatus.CANCELLED, PreorderStatus.REFUNDED)
SETTLED = (CampaignStatus.DECIDED, CampaignStatus.FAILED, CampaignStatus.CANCELLED)
WAYS = st.sampled_from(["prepaid", "deposit"])
UNANSWERED = (Payment.kind == PaymentKind.REFUND, col(Payment.moved_minor).is_(None))
WAITING = (PaymentStatus.REQUESTED, PaymentStatus.STARTED, PaymentStatus.FAILED)
SKUS = st.sampled_from(["TEE-INDIGO-S", "TEE-INDIGO-M", "TEE-WHITE-M"])


def _when(row: Payment | PaymentException) -> tuple[Any, ...]:
    at = row.requested_at if isinstance(row, Payment) else row.noted_at
    return at, row.amount_minor, row.kind.value


class Money(RuleBasedStateMachine):
    """One campaign with a cap, deposits and a ladder; buyers, provider, staff and clock act at random."""

    engine: Engine

    @initialize(seed=st.integers(0, 10**6), minimum=st.integers(1, 8))
    def open(self, seed: int, minimum: int) -> None:
        self.dice = Random(seed)
        self.connection = self.engine.connect()
        self.outer = self.connection.begin()
        self.session = Session(self.connection, join_transaction_mode="create_savepoint")
        self.at = TODAY
        self.world: World = make_world(
            self.session,
            kind=CampaignKind.GROUP_BUY,
            minimum=minimum,
            ladder=[[1, 20_000], [4, 18_000], [8, 15_001]],
            terms=["prepaid", "deposit"],
            deposit_minor=3_000,
            deposit_kind=DepositKind.FORFEITABLE,
            cap_pieces=12,
            top_up_limit_minor=10**6,
        )
        self.staff = make_member(self.session, Role.ADMIN)
        self.events: list[PaymentEvent] = []
        self.movements = 0

    def teardown(self) -> None:
        if hasattr(self, "session"):
            try:
                self._end_well()
            finally:
                self.session.close()
                self.outer.rollback()
                self.connection.close()

    # What people and machines do

    @rule(sku=SKUS, quantity=st.integers(1, 4), terms=WAYS, region=st.sampled_from(["east", "europe"]))
    def place(self, sku: str, quantity: int, terms: str, region: str) -> None:
        other_colour = self.dice.random() < 0.5
        wanted = PreorderCreate.model_validate(
            {
                "campaign": "tee",
                "lines": [{"sku": sku, "quantity": quantity, "accept_other_colour": other_colour}],
                "name": "Lin Yue",
                "email": "lin@example.com",
                "region": region,
                "address": "12 Harbour Road, Ningbo",
                "terms": terms,
            }
        )
        with self._refusable():
            intake.place(self.session, wanted, at=self.at)

    @rule(pick=st.integers(0, 99))
    def go_to_pay(self, pick: int) -> None:
        with self._refusable():
            payments.start(self.session, self._one(Preorder, pick), at=self.at, return_url="/")

    @rule(pick=st.integers(0, 99), off=st.sampled_from([0, 0, 0, 0, -500, 700]))
    def charge_confirmed(self, pick: int, off: int) -> None:
        charge = self._one(Payment, pick, Payment.kind == PaymentKind.CHARGE)
        self._hear(charge, EventKind.CONFIRMED, max(1, charge.amount_minor + off))

    @rule(pick=st.integers(0, 99))
    def charge_failed(self, pick: int) -> None:
        charge = self._one(Payment, pick, Payment.kind == PaymentKind.CHARGE)
        self._hear(charge, EventKind.FAILED, None)

    @rule(pick=st.integers(0, 99), fails=st.sampled_from([False, False, True]))
    def refund_answered(self, pick: int, fails: bool) -> None:  # noqa: FBT001 - drawn by name
        refund = self._one(Payment, pick, *UNANSWERED)
        self._hear(refund, EventKind.FAILED if fails else EventKind.CONFIRMED, None)

    @rule(pick=st.integers(0, 99), kind=st.sampled_from([EventKind.REFUNDED, EventKind.DISPUTED]))
    def taken_back(self, pick: int, kind: EventKind) -> None:
        charge = self._one(
            Payment, pick, Payment.kind == PaymentKind.CHARGE, Payment.status == PaymentStatus.CONFIRMED
        )
        money = payments.of_preorder(self.session, charge.preorder_id)
        left = payments.received(money) - payments.under_way_back(money)
        assume(left > 0)
        self._hear(charge, kind, self.dice.randint(1, left))

    @precondition(lambda self: self.events)
    @rule(times=st.integers(1, 20))
    def old_events_again_in_any_order(self, times: int) -> None:
        for event in self.dice.choices(self.events, k=times):
            payment_events.apply(self.session, event, at=self.at)

    @rule(minutes=st.sampled_from([1, 16, 60 * 13, 60 * 24, 60 * 24 * 3]))
    def time_passes(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)

    @rule()
    def workers_do_their_rounds(self) -> None:
        cancellation.expire_unpaid(self.session, at=self.at)
        waiting.lapse(self.session, at=self.at)
        for campaign_id in campaign_close.due(self.session, at=self.at):
            campaign_close.close(self.session, campaign_id, at=self.at)
            self.session.flush()

    @rule(accepted=st.booleans())
    def team_answers_a_rescue(self, accepted: bool) -> None:  # noqa: FBT001 - drawn by name
        assume(rescues.standing(self.session, self.world.campaign) is not None)
        with self._refusable():
            if accepted:
                campaign_close.accept_rescue(self.session, "tee", member=self.staff, at=self.at)
            else:
                campaign_close.refuse_rescue(self.session, "tee", member=self.staff, why="no", at=self.at)

    @rule(pick=st.integers(0, 99))
    def a_case_is_resolved(self, pick: int) -> None:
        case = self._one(PaymentException, pick, PaymentException.status == ExceptionStatus.OPEN)
        self._resolve(case)

    @rule(pick=st.integers(0, 99))
    def a_buyer_steps_back(self, pick: int) -> None:
        preorder = self._one(Preorder, pick)
        with self._refusable():
            shown = withdrawal.weigh(self.session, preorder, at=self.at).back_minor
            withdrawal.step_back(self.session, preorder, shown_minor=shown, at=self.at)

    @rule(pick=st.integers(0, 99))
    def goods_leave(self, pick: int) -> None:
        preorder = self._one(Preorder, pick, Preorder.status == PreorderStatus.CONFIRMED)
        preorders.advance(self.session, preorder, PreorderStatus.READY, at=self.at, why="sewn")
        self.session.flush()
        preorders.ship(self.session, preorder.number, member=self.staff, at=self.at)

    # What holds at every moment

    @invariant()
    def the_books_balance(self) -> None:
        if not hasattr(self, "session"):
            return
        self.session.flush()
        uneven = self.session.exec(
            select(LedgerPosting.entry_id)
            .group_by(col(LedgerPosting.entry_id))
            .having(func.sum(LedgerPosting.amount_minor) != 0)
        ).all()
        assert uneven == []

    @invariant()
    def money_in_is_money_out_and_money_held(self) -> None:
        for preorder in self._all(Preorder):
            money = payments.of_preorder(self.session, preorder.id)
            assert payments.received(money) == self._with_provider(preorder.id), preorder.number

    @invariant()
    def the_counter_equals_the_ledger(self) -> None:
        counted = 0
        for preorder in self._all(Preorder):
            if preorder.paid_at is not None and preorder.status not in ENDED:
                counted += payments.pieces_of(self.session, preorder)
        if hasattr(self, "session"):
            assert campaigns.paid_pieces(self.session, self.world.campaign.id) == counted

    @invariant()
    def places_are_those_of_living_pre_orders(self) -> None:
        if not hasattr(self, "session"):
            return
        self.session.refresh(self.world.campaign)
        living = sum(
            payments.pieces_of(self.session, preorder)
            for preorder in self._all(Preorder)
            if preorder.status not in ENDED
        )
        campaign = self.world.campaign
        assert campaign.taken_pieces <= (campaign.cap_pieces or 0)
        assert living <= campaign.taken_pieces

    def _end_well(self) -> None:
        """Let all time pass, all refunds be paid and every case be resolved: nothing is left in between."""
        for _ in range(12):
            self.at += timedelta(days=2)
            self.workers_do_their_rounds()
            for case in self._all(PaymentException):
                if case.status == ExceptionStatus.OPEN:
                    self._resolve(case)
            for refund in self._all(Payment):
                if refund.kind == PaymentKind.REFUND and refund.status in WAITING:
                    self._hear(refund, EventKind.CONFIRMED, None)
        self.the_books_balance()
        self.session.refresh(self.world.campaign)
        assert self.world.campaign.status in SETTLED
        for preorder in self._all(Preorder):
            credit = ledger.credit(self.session, preorder.id)
            kept = -self._in(preorder.id, Account.FORFEITS)
            if preorder.status in ENDED:
                assert credit == kept, (preorder.number, preorder.status, credit, kept)
            else:
                assert payments.open_minor(self.session, preorder) == 0, (preorder.number, preorder.status)

    # How they do it

    def _hear(self, payment: Payment, kind: EventKind, amount: int | None) -> None:
        self.movements += kind != EventKind.FAILED
        again = kind == EventKind.CONFIRMED and payment.status == PaymentStatus.CONFIRMED
        own = kind == EventKind.CONFIRMED and not again
        reference = f"own_{payment.id}" if own else f"other_{self.movements}"
        event = PaymentEvent(payment.id, kind, reference, kind.value, amount_minor=amount)
        self.events.append(event)
        payment_events.apply(self.session, event, at=self.at)

    def _resolve(self, case: PaymentException) -> None:
        choice = self.dice.choice(CHOICES[case.kind])
        with self._refusable():
            payment_exceptions.resolve(self.session, case.id, choice, member=self.staff, at=self.at)

    @contextmanager
    def _refusable(self) -> Iterator[None]:
        """The business may say no; then nothing has happened."""
        try:
            with self.session.begin_nested():
                yield
        except Refusal:
            self.session.expire_all()

    def _all(self, table: Any, *which: Any) -> list[Any]:
        """In an order that is the same when the same happens again."""
        if not hasattr(self, "session"):
            return []
        query = select(table).where(*which).execution_options(populate_existing=True)
        if table is Preorder:
            return list(self.session.exec(query.order_by(Preorder.number)))
        query = query.join(Preorder, col(Preorder.id) == table.preorder_id).order_by(Preorder.number)
        return sorted(self.session.exec(query), key=_when)

    def _one(self, table: Any, pick: int, *which: Any) -> Any:
        found = self._all(table, *which)
        assume(found)
        return found[pick % len(found)]

    def _with_provider(self, preorder_id: UUID) -> int:
        return self._in(preorder_id, Account.PROVIDER) + self._in(preorder_id, Account.FEES)

    def _in(self, preorder_id: UUID, account: Account) -> int:
        total = self.session.exec(
            select(func.coalesce(func.sum(LedgerPosting.amount_minor), 0))
            .join(LedgerEntry, col(LedgerEntry.id) == LedgerPosting.entry_id)
            .where(LedgerEntry.preorder_id == preorder_id, LedgerPosting.account == account)
        ).one()
        return int(total)


@pytest.mark.usefixtures("session")
def test_money_in_is_money_out_and_money_held_whatever_happens(database_url: str) -> None:
    engine = create_engine(api.db.driver_url(database_url))
    machine = type("Here", (Money,), {"engine": engine})
    try:
        run_state_machine_as_test(  # type: ignore[no-untyped-call]  # Hypothesis types none of it
            machine,
            settings=settings(
                max_examples=15,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        engine.dispose()
