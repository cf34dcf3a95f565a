import random

import pytest
from sqlmodel import Session, select

from api.domain.errors import SignatureNotValid, Unknown
from api.domain.payment import Payment, PaymentStatus, SandboxCharge
from api.payments.port import EventKind, PaymentEvent
from api.payments.providers import provider
from api.payments.sandbox import SIGNATURE_HEADER, signature
from api.services import campaigns, payment_events, payments, sandbox
from api.settings import settings
from tests.factories import charge_of, confirm, make_preorder, make_world
from tests.fixtures import TODAY


def test_a_payment_is_true_only_when_the_provider_says_so(session: Session) -> None:
    world = make_world(session)
    preorder = make_preorder(session, paid=False)
    url = payments.start(session, preorder, at=TODAY, return_url="/o/x")
    assert url.startswith("/sandbox/checkout?")
    assert campaigns.paid_pieces(session, world.campaign.id) == 0
    confirm(session, charge_of(session, preorder))
    assert (preorder.paid_at, campaigns.paid_pieces(session, world.campaign.id)) == (TODAY, 1)


def test_a_failed_charge_may_be_tried_again(session: Session) -> None:
    make_world(session)
    preorder = make_preorder(session, paid=False)
    payments.start(session, preorder, at=TODAY, return_url="/")
    charge = confirm(session, charge_of(session, preorder), kind=EventKind.FAILED)
    assert (charge.status, preorder.paid_at) == (PaymentStatus.FAILED, None)
    payments.start(session, preorder, at=TODAY, return_url="/")
    assert confirm(session, charge).status == PaymentStatus.CONFIRMED


def test_a_thousand_shuffled_and_doubled_events_end_as_in_order(session: Session) -> None:
    world = make_world(session)
    charges = []
    for _ in range(125):
        preorder = make_preorder(session, paid=False)
        payments.start(session, preorder, at=TODAY, return_url="/")
        charges.append(charge_of(session, preorder))
    events = [(charge, kind) for charge in charges for kind in (EventKind.FAILED, EventKind.CONFIRMED) * 4]
    random.Random(7).shuffle(events)
    for charge, kind in events:
        confirm(session, charge, kind=kind)
    assert {charge.status for charge in charges} == {PaymentStatus.CONFIRMED}
    assert campaigns.paid_pieces(session, world.campaign.id) == 125


def test_an_event_for_no_payment_of_ours_is_refused(session: Session) -> None:
    world = make_world(session)
    with pytest.raises(Unknown):
        payment_events.apply(
            session, PaymentEvent(world.team.id, EventKind.CONFIRMED, "sbx_1", "paid"), at=TODAY
        )


@pytest.mark.usefixtures("session")
def test_an_altered_webhook_is_refused() -> None:
    body = b'{"payment": "x"}'
    good = signature(settings().secret, body.decode())
    with pytest.raises(SignatureNotValid):
        provider().read_event({SIGNATURE_HEADER: good}, body + b" ", at=TODAY)
    with pytest.raises(SignatureNotValid):
        provider().read_event({}, body, at=TODAY)


def test_the_sandbox_pays_back_once_however_often_it_is_asked(session: Session) -> None:
    make_world(session)
    payment = charge_of(session, make_preorder(session))
    for _ in range(3):
        sandbox.refund(session, payment_id=payment.id, amount_minor=100, currency="CNY", at=TODAY)
    assert len(session.exec(select(SandboxCharge)).all()) == 1


def test_no_path_makes_a_piece_count_without_a_confirmed_payment(session: Session) -> None:
    world = make_world(session)
    make_preorder(session, paid=False)
    assert session.exec(select(Payment).where(Payment.status == PaymentStatus.CONFIRMED)).all() == []
    assert campaigns.paid_pieces(session, world.campaign.id) == 0
