from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select, update

from api.domain.audit import AuditEntry
from api.domain.errors import CampaignNotOpen, IllegalMove, InvalidRequest, LinkNotValid
from api.domain.preorder import Preorder, PreorderCreate, PreorderLine, PreorderStatus
from api.services import campaigns, preorders
from tests.factories import make_preorder, make_world
from tests.fixtures import TODAY


def test_a_pre_order_keeps_its_price_and_its_promise(session: Session) -> None:
    world = make_world(session)
    preorder = make_preorder(session, lines=[("TEE-INDIGO-M", 2)])
    assert preorder.number.startswith("P-")
    assert preorder.price_minor == 20_000
    assert (preorder.promise_from_on, preorder.promise_by_on) == (
        world.campaign.ship_from_on,
        world.campaign.ship_by_on,
    )


def test_only_paid_pieces_are_counted(session: Session) -> None:
    world = make_world(session)
    make_preorder(session, lines=[("TEE-INDIGO-M", 2), ("TEE-WHITE-S", 1)])
    make_preorder(session, paid=False)
    assert campaigns.paid_pieces(session, world.campaign.id) == 3


def test_whoever_joins_after_a_price_fell_pays_the_lower_price(session: Session) -> None:
    make_world(session)
    make_preorder(session, lines=[("TEE-INDIGO-M", 10)])
    assert make_preorder(session).price_minor == 18_000


def test_every_wrong_line_is_named_with_its_value(session: Session) -> None:
    make_world(session)
    with pytest.raises(InvalidRequest) as refusal:
        make_preorder(session, lines=[("NO-SUCH", 1), ("TEE-INDIGO-M", 1), ("TEE-INDIGO-M", 2)])
    assert [(p["field"], p["value"]) for p in refusal.value.problems] == [
        ("lines[0].sku", "NO-SUCH"),
        ("lines[2].sku", "TEE-INDIGO-M"),
    ]


@pytest.mark.parametrize("minutes", [-7 * 24 * 60 - 1, 24 * 60])
def test_nobody_orders_before_a_campaign_opens_or_from_the_minute_it_closes(
    session: Session, minutes: int
) -> None:
    make_world(session)
    with pytest.raises(CampaignNotOpen):
        make_preorder(session, at=TODAY + timedelta(minutes=minutes))


def test_a_signed_link_finds_the_pre_order_and_an_altered_one_nothing(session: Session) -> None:
    make_world(session)
    preorder = make_preorder(session)
    token = preorders.token(preorder)
    assert preorders.get_by_token(session, token).id == preorder.id
    flipped = token[:-1] + ("0" if token[-1] != "0" else "1")
    for bad in (flipped, token[:-1], token + " ", "x" * 64, ""):
        with pytest.raises(LinkNotValid):
            preorders.get_by_token(session, bad)


def test_every_step_is_in_the_audit_with_who_when_and_why(session: Session) -> None:
    make_world(session)
    preorder = make_preorder(session)
    session.flush()
    (entry,) = session.exec(select(AuditEntry).where(AuditEntry.subject == preorder.number)).all()
    assert (entry.before, entry.after, entry.actor, entry.why, entry.at) == (
        None,
        "placed",
        "consumer",
        "placed",
        TODAY,
    )


def test_an_illegal_move_is_refused_in_code_and_in_the_database(session: Session) -> None:
    make_world(session)
    preorder = make_preorder(session)
    with pytest.raises(IllegalMove):
        preorder.move(PreorderStatus.SHIPPED, by="test", at=TODAY, why="no")
    session.flush()
    with pytest.raises(DBAPIError, match="illegal move of preorder"), session.begin_nested():
        session.execute(update(Preorder).where(col(Preorder.id) == preorder.id).values(status="shipped"))


def test_a_status_that_changes_past_its_machine_is_refused(session: Session) -> None:
    make_world(session)
    preorder = make_preorder(session)
    preorder.status = PreorderStatus.CONFIRMED
    with pytest.raises(RuntimeError, match="without move"):
        session.flush()


def test_nobody_rewrites_the_audit(session: Session) -> None:
    make_world(session)
    make_preorder(session)
    session.flush()
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(update(AuditEntry).values(why="nothing happened"))


def test_the_database_itself_refuses_a_quantity_below_one(session: Session) -> None:
    make_world(session)
    make_preorder(session)
    with pytest.raises(DBAPIError, match="preorder_line_quantity"), session.begin_nested():
        session.execute(update(PreorderLine).values(quantity=0))


def test_what_a_consumer_sends_has_no_room_for_anything_else() -> None:
    assert PreorderCreate.model_config["extra"] == "forbid"
