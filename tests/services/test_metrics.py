from datetime import timedelta

from fastapi.testclient import TestClient
from sqlmodel import Session

from api.domain.channel import ChannelStatus, MasterRecord
from api.domain.production import OrderChannel
from api.services import channels, health, metrics, outbox
from api.services.metrics import Metric
from tests.fixtures import TODAY, Clock

AFTER = TODAY + timedelta(minutes=5)


def test_the_queue_tells_its_length_age_and_tries_by_topic(session: Session) -> None:
    for minute, topic in enumerate(("erp.push_run", "erp.push_run", "payment.refund")):
        outbox.record(session, topic, subject="a thing", at=TODAY + timedelta(minutes=minute))
    session.flush()
    first = outbox.waiting(session)[0]
    first.attempts = 3
    first.park(at=AFTER, error="no product")
    session.flush()
    said = metrics.text(session, at=AFTER).splitlines()
    for line in (
        'counterflow_queue_messages{topic="erp.push_run",state="waiting"} 1',
        'counterflow_queue_messages{topic="erp.push_run",state="parked"} 1',
        'counterflow_queue_oldest_seconds{topic="erp.push_run"} 300',
        'counterflow_queue_oldest_seconds{topic="payment.refund"} 180',
        'counterflow_queue_retries{topic="erp.push_run"} 2',
    ):
        assert line in said


def test_channels_tell_whether_they_answer_since_when_and_what_they_hold(session: Session) -> None:
    book = OrderChannel.ORDER_BOOK
    channels.note(session, book, ChannelStatus.SILENT, at=TODAY, notices=["answers/00000002.csv is missing"])
    health.beat(session, "worker", at=TODAY)
    for code, trouble in (("A", None), ("B", "double")):
        held = MasterRecord(channel=book.value, noun="product", code=code, trouble=trouble, read_at=TODAY)
        session.add(held)
    session.flush()
    said = metrics.text(session, at=AFTER).splitlines()
    for line in (
        'counterflow_channel_up{channel="order_book"} 0',
        'counterflow_channel_state_seconds{channel="order_book"} 300',
        'counterflow_channel_notices{channel="order_book"} 1',
        'counterflow_master_records{channel="order_book",trouble="none"} 1',
        'counterflow_master_records{channel="order_book",trouble="double"} 1',
        'counterflow_part_silent_seconds{part="worker"} 300',
    ):
        assert line in said


def test_a_metric_says_what_it_means_and_escapes_its_labels() -> None:
    odd = Metric("things", "gauge", "Things.", (({"name": 'a "b"\\\n'}, 2.5), ({}, 1e6)))
    assert [*odd.lines()] == [
        "# HELP counterflow_things Things.",
        "# TYPE counterflow_things gauge",
        r'counterflow_things{name="a \"b\"\\\n"} 2.5',
        "counterflow_things 1000000",
    ]


def test_metrics_are_read_beside_health_by_whoever_watches(
    client: TestClient, session: Session, clock: Clock
) -> None:
    outbox.record(session, "erp.push_run", subject="R-000001", at=clock.at - timedelta(hours=1))
    session.flush()
    for path in ("/metrics", "/api/metrics"):
        answer = client.get(path)
        assert answer.headers["content-type"] == metrics.CONTENT_TYPE
        assert 'counterflow_queue_oldest_seconds{topic="erp.push_run"} 3600' in answer.text.splitlines()
