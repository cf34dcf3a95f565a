"""One message for each change of money or date, in the transaction of the change."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select, text

from api.domain.notice import Notice, NoticeChannel, NoticePreference
from api.domain.outbox import OutboxMessage
from api.domain.payment import Payment, PaymentKind, PaymentTerms
from api.domain.preorder import Preorder, PreorderStatus, Region
from api.notices.wording import Ending
from api.payments.port import EventKind, PaymentEvent
from api.security import preorder_token
from api.services import campaign_close, delays, notices, payment_events, payments, waiting
from api.settings import settings
from tests.factories import charge_of, confirm, make_preorder, make_world
from tests.fixtures import TODAY
from tests.services.lateness import CLOSED, expect, later, scheduled


def kinds(session: Session, preorder: Preorder) -> list[str]:
    return [told.notice.kind for told in reversed(notices.told(session, preorder))]


def last(session: Session, preorder: Preorder) -> Notice:
    return notices.told(session, preorder)[0].notice


def refunds(session: Session, preorder: Preorder) -> list[Payment]:
    return [p for p in payments.of_preorder(session, preorder.id) if p.kind == PaymentKind.REFUND]


def messages(session: Session, topic: str = "notice.send") -> list[OutboxMessage]:
    session.flush()
    return list(session.exec(select(OutboxMessage).where(OutboxMessage.topic == topic)))


def test_a_payment_is_told_in_the_buyers_language_with_amount_promise_and_link(session: Session) -> None:
    make_world(session)
    preorder = make_preorder(session)
    told = last(session, preorder)
    assert told.subject == f"已收到 {preorder.number} 的付款 ¥200.00"
    assert "2026年12月28日至2027年1月4日" in told.text
    token = preorder_token(settings().secret, preorder.id)
    assert f"http://testserver/o/{token}\n" in told.text
    assert f"http://testserver/o/{token}/notices?key=" in told.text
    assert told.addresses == {"email": "lin@example.com"}


def test_each_channel_of_a_notice_is_one_message_of_the_outbox(session: Session) -> None:
    make_world(session)
    preorder = make_preorder(session)
    (message,) = messages(session)
    assert message.subject == preorder.number
    assert message.payload == {"notice_id": str(last(session, preorder).id), "channel": "email"}


def test_the_same_key_is_told_once(session: Session) -> None:
    make_world(session)
    preorder = make_preorder(session, paid=False)
    for _ in range(3):
        notices.tell(session, preorder, "refunded", key="payment:7", at=TODAY, amount_minor=100)
        session.flush()
    assert kinds(session, preorder) == ["refunded"]
    assert len(messages(session)) == 1


def test_a_kind_without_words_and_a_fact_that_is_missing_fail_loudly(session: Session) -> None:
    make_world(session)
    preorder = make_preorder(session, paid=False)
    with pytest.raises(ValueError, match="congratulations"):
        notices.tell(session, preorder, "congratulations", key="1", at=TODAY)
    with pytest.raises(KeyError, match="amount_minor"):
        notices.tell(session, preorder, "refunded", key="1", at=TODAY)


def test_a_notice_stays_as_it_was_rendered(session: Session) -> None:
    make_world(session)
    make_preorder(session)
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text("UPDATE notice SET text = 'something else'"))


def test_a_webhook_that_comes_again_tells_nothing_again(session: Session) -> None:
    make_world(session)
    preorder = make_preorder(session)
    charge = charge_of(session, preorder)
    for _ in range(3):
        confirm(session, charge)
    assert kinds(session, preorder) == ["paid"]


def test_a_campaign_closed_again_tells_nothing_again(session: Session) -> None:
    world = make_world(session)
    preorder = make_preorder(session, lines=[("TEE-INDIGO-M", 6)])
    for hours in range(3):
        campaign_close.close(session, world.campaign.id, at=world.campaign.closes_at + timedelta(hours=hours))
        session.flush()
    assert kinds(session, preorder) == ["paid", "confirmed"]


def test_the_difference_is_told_when_it_is_decided_and_when_it_is_paid(session: Session) -> None:
    world = make_world(session)
    preorder = make_preorder(session, lines=[("TEE-INDIGO-M", 10)])
    campaign_close.close(session, world.campaign.id, at=world.campaign.closes_at)
    (refund,) = refunds(session, preorder)
    for _ in range(2):
        confirm(session, refund, at=CLOSED)
    assert kinds(session, preorder) == ["paid", "confirmed", "refunded"]
    assert "¥200.00" in last(session, preorder).subject


def test_a_deposit_a_balance_and_the_payment_of_it_are_one_message_each(session: Session) -> None:
    world = make_world(session, terms=[PaymentTerms.LATER])
    preorder = make_preorder(session, lines=[("TEE-INDIGO-M", 6)], paid=False)
    preorder.stored_method = "sandbox:card"
    campaign_close.close(session, world.campaign.id, at=world.campaign.closes_at)
    session.flush()
    balance = charge_of(session, preorder)
    payments.start(session, preorder, at=world.campaign.closes_at, return_url="/")
    confirm(session, balance, at=world.campaign.closes_at, kind=EventKind.FAILED)
    confirm(session, balance, at=world.campaign.closes_at)
    campaign_close.close(session, world.campaign.id, at=world.campaign.closes_at + timedelta(hours=1))
    assert kinds(session, preorder) == ["balance_due", "payment_failed", "paid", "confirmed"]


def test_from_the_order_to_the_refund_of_a_late_one_each_change_is_one_message(session: Session) -> None:
    _, (preorder,) = scheduled(session, Region.AMERICA)
    sooner = (preorder.expected_on or preorder.promise_by_on) - timedelta(days=1)
    for hour in range(2):
        expect(session, sooner, at=CLOSED + timedelta(hours=hour))
    for hour in range(2):
        later(session, preorder, 40, at=CLOSED + timedelta(hours=2 + hour))
    for _ in range(2):
        delays.settle(session, preorder.id, at=CLOSED + timedelta(days=400))
    for refund in refunds(session, preorder) * 2:
        confirm(session, refund, at=CLOSED + timedelta(days=400))
    told = ["paid", "confirmed", "dated", "dated", "delayed", "ended", "refunded"]
    assert kinds(session, preorder) == told
    assert preorder.status == PreorderStatus.REFUNDED
    assert len(messages(session)) == len(told)


def test_a_refund_that_somebody_made_at_the_provider_is_told_once(session: Session) -> None:
    make_world(session)
    preorder = make_preorder(session)
    word = PaymentEvent(
        charge_of(session, preorder).id,
        EventKind.REFUNDED,
        reference="re_7",
        why="by hand",
        amount_minor=5_000,
    )
    for _ in range(3):
        payment_events.apply(session, word, at=TODAY)
    assert kinds(session, preorder) == ["paid", "refunded"]
    assert "¥50.00" in last(session, preorder).subject


def test_why_a_pre_order_ended_is_told_in_words_of_the_buyer(session: Session) -> None:
    world = make_world(session)
    preorder = make_preorder(session)
    campaign_close.close(session, world.campaign.id, at=world.campaign.closes_at)
    told = last(session, preorder)
    assert "预订的人太少" in told.text
    assert "¥200.00将原路退回" in told.text


def test_every_reason_of_the_close_is_known_to_the_words() -> None:
    reasons = (
        campaign_close.NOT_PAID,
        campaign_close.BALANCE_MISSING,
        campaign_close.GROUP_NOT_WHOLE,
        campaign_close.COLOUR_NOT_MADE,
        delays.REFUSED_BY_BUYER,
        delays.NO_ANSWER,
        delays.PERIOD_OVER,
    )
    assert all(map(Ending.of, reasons))


def test_who_waits_is_written_to_with_a_way_to_take_the_pieces_and_one_to_let_them_go(
    session: Session,
) -> None:
    world = make_world(session, cap_pieces=6)
    preorder = make_preorder(session, lines=[("TEE-INDIGO-M", 6)])
    entry = waiting.join(
        session, "tee", "TEE-WHITE-S", quantity=2, email="wu@example.com", language="en", at=TODAY
    )
    session.flush()
    world.campaign.taken_pieces -= 2
    waiting.offer_free(session, world.campaign, at=TODAY)
    session.flush()
    told = session.exec(select(Notice).where(Notice.kind == "waiting_offer")).one()
    assert told.subject.startswith("Work tee: 2 of white S are yours until ")
    assert f"/c/tee?offer={entry.id}" in told.link
    assert told.leave_link is not None
    assert told.leave_link in told.text
    assert "/notices" not in told.text
    assert kinds(session, preorder) == ["paid"]


def test_the_chosen_channels_are_used_as_far_as_there_are_any(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_world(session)
    chosen = NoticePreference(
        email="lin@example.com",
        channels=[NoticeChannel.SMS, NoticeChannel.WECHAT],
        phone="+8613800000000",
        chosen_at=TODAY,
    )
    session.add(chosen)
    session.flush()
    first = make_preorder(session)
    assert last(session, first).addresses == {"email": "lin@example.com"}
    monkeypatch.setenv("COUNTERFLOW_SMS_URL", "http://key:secret@127.0.0.1:1?sign=x&template_zh=y")
    settings.cache_clear()
    second = make_preorder(session)
    assert last(session, second).addresses == {"sms": "+8613800000000"}
