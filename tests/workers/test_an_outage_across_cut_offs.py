"""No worker runs while three campaigns reach their cut-off; six hours later several start at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import col, select

import workers.campaigns
from api.db import transaction
from api.domain.audit import AuditEntry
from api.domain.campaign import Campaign
from api.domain.outbox import OutboxMessage
from api.domain.payment import Payment, PaymentKind
from tests.factories import make_campaign, make_preorder, make_world
from tests.fixtures import TODAY

CUT_OFFS = {"first": timedelta(hours=1), "second": timedelta(hours=3), "third": timedelta(hours=5)}
DECISIONS = ("decided", "failed")


@pytest.mark.usefixtures("committed")
def test_each_campaign_is_decided_once_in_the_order_of_the_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction() as session:
        world = make_world(session)
        for slug, hours in reversed(CUT_OFFS.items()):
            minimum = 50 if slug == "second" else 2
            closes_at = TODAY + hours
            make_campaign(session, world.team, world.style, slug=slug, closes_at=closes_at, minimum=minimum)
            for _ in range(3):
                make_preorder(session, campaign=slug)
    monkeypatch.setattr(workers.campaigns, "now", lambda: TODAY + timedelta(hours=6))
    with ThreadPoolExecutor(4) as pool:
        for started in [pool.submit(workers.campaigns.close_due.run) for _ in range(4)]:
            started.result()
    with transaction() as session:
        steps = session.exec(
            select(AuditEntry)
            .where(AuditEntry.noun == "campaign", col(AuditEntry.after).in_(DECISIONS))
            .order_by(col(AuditEntry.id))
        ).all()
        assert [(step.subject, step.after) for step in steps] == [
            ("first", "decided"),
            ("second", "failed"),
            ("third", "decided"),
        ]
        assert session.exec(select(Campaign).where(Campaign.slug == "tee")).one().status == "open"
        refunds = session.exec(select(Payment).where(Payment.kind == PaymentKind.REFUND)).all()
        asked = session.exec(select(OutboxMessage).where(OutboxMessage.topic == "payment.refund")).all()
        assert (len(refunds), len(asked)) == (3, 3)
