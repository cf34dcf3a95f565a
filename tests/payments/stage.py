"""A campaign on a running site, its buyers, and the workers' hands: the outbox brought out by the test."""

import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
from sqlmodel import Session, col, select

import workers.payments as hands
from api.db import transaction
from api.domain.outbox import OutboxMessage
from api.domain.payment import Payment, PaymentKind
from api.domain.payment_exception import PaymentException
from api.domain.preorder import Preorder, PreorderCreate
from api.services import intake, payments, preorders
from api.services.sandbox import Outcome
from api.settings import settings
from tests.factories import make_world
from tests.fixtures import Clock

_HANDLERS: dict[str, Callable[..., None]] = {
    "payment.refund": hands.refund,
    "payment.collect": hands.collect,
    "sandbox.notify": hands.notify,
}


class Stage:
    """What a test of payments does, over HTTP where the outside world would."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    @property
    def address(self) -> str:
        return settings().public_url

    def open_campaign(self, **campaign: Any) -> None:
        with transaction() as session:
            make_world(session, **campaign)

    def place(self, *, terms: str | None = None, pieces: int = 1) -> UUID:
        """A pre-order at the clock's moment, not paid."""
        request = PreorderCreate.model_validate(
            {
                "campaign": "tee",
                "lines": [{"sku": "TEE-INDIGO-M", "quantity": pieces}],
                "name": "Lin Yue",
                "email": "lin@example.com",
                "region": "east",
                "address": "12 Harbour Road, Ningbo",
                "terms": terms,
            }
        )
        with transaction() as session:
            return intake.place(session, request, at=self.clock.at).id

    def checkout(self, preorder_id: UUID) -> str:
        """The address to which the shop sends the buyer."""
        token = self.look(lambda session: preorders.token(session.get_one(Preorder, preorder_id)))
        answer = httpx.get(f"{self.address}/o/{token}/pay")
        assert answer.status_code == 303
        return answer.headers["location"]

    def pay(self, preorder_id: UUID, outcome: Outcome = Outcome.PAY) -> None:
        """The buyer presses a button of the sandbox, and whatever the sandbox owes us arrives."""
        form = {"outcome": outcome.value}
        answer = httpx.post(f"{self.address}{self.checkout(preorder_id)}", data=form)
        assert answer.status_code == 303
        self.work()

    def work(self, *, seed: int = 0) -> None:
        """Handle everything in the outbox that is due by the clock, in any order, twice."""
        while messages := self._due():
            random.Random(seed).shuffle(messages)
            for topic, payload in messages:
                _HANDLERS[topic](**payload)
                _HANDLERS[topic](**payload)

    def _due(self) -> list[tuple[str, dict[str, Any]]]:
        with transaction() as session:
            found = session.exec(
                select(OutboxMessage).where(
                    col(OutboxMessage.topic).in_(_HANDLERS),
                    col(OutboxMessage.done_at).is_(None),
                    col(OutboxMessage.not_before) <= self.clock.at,
                )
            ).all()
            for message in found:
                message.finish(at=self.clock.at)
            return sorted(((m.topic, dict(m.payload)) for m in found), key=str)

    def look(self, at_what: Callable[[Session], Any]) -> Any:
        with transaction() as session:
            return at_what(session)

    def preorder(self, preorder_id: UUID) -> Preorder:
        found: Preorder = self.look(lambda session: session.get_one(Preorder, preorder_id))
        return found

    def charge(self, preorder_id: UUID) -> Payment:
        """The latest charge that was asked for."""
        return [p for p in self.money(preorder_id) if p.kind == PaymentKind.CHARGE][-1]

    def money(self, preorder_id: UUID) -> list[Payment]:
        return list(self.look(lambda session: payments.of_preorder(session, preorder_id)))

    def desk(self) -> list[tuple[str, int]]:
        """Every case there ever was: kind and money at stake."""
        cases = self.look(lambda session: session.exec(select(PaymentException)).all())
        return sorted((case.kind.value, case.amount_minor) for case in cases)
