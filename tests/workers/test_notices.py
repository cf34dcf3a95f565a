"""From the outbox to the buyer's mail box, through a real mail server."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlmodel import Session, select

import workers.notices  # noqa: F401 - declares its handler
from api.domain.notice import NoticeChannel
from api.domain.outbox import OutboxMessage
from api.services import notices
from api.settings import settings
from tests.factories import make_preorder, make_world
from tests.notices.doors import MailServer, mail_server
from workers.app import app


@pytest.fixture
def mail(session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """A mail server that the settings name."""
    del session
    with mail_server() as running:
        monkeypatch.setenv("COUNTERFLOW_SMTP_URL", running.url)
        settings.cache_clear()
        yield running


def written(session: Session) -> tuple[notices.Told, OutboxMessage]:
    """A notice of a payment, and its message."""
    make_world(session)
    preorder = make_preorder(session)
    (told,) = notices.told(session, preorder)
    message = session.exec(select(OutboxMessage).where(OutboxMessage.topic == "notice.send")).one()
    return told, message


def deliver(session: Session, message: OutboxMessage) -> None:
    session.flush()
    app.tasks["notice.send"](message_ids=[str(message.id)])
    session.expire_all()


def state(session: Session, told: notices.Told) -> tuple[str, int]:
    delivery = notices.delivery(session, told.notice.id, NoticeChannel.EMAIL)
    return delivery.state, delivery.attempts


def test_a_notice_is_sent_as_it_was_written_and_once(session: Session, mail: MailServer) -> None:
    told, message = written(session)
    deliver(session, message)
    message.done_at = None  # its handler was killed before it could say so
    deliver(session, message)
    (received,) = mail.received
    assert received["Subject"] == told.notice.subject
    assert received["Message-ID"] == f"<{told.notice.id}@counterflow.example>"
    assert message.done_at is not None
    assert state(session, told) == ("sent", 1)


def test_a_notice_waits_in_its_place_while_the_mail_server_is_away(
    session: Session, monkeypatch: pytest.MonkeyPatch, nowhere: str
) -> None:
    monkeypatch.setenv("COUNTERFLOW_SMTP_URL", nowhere.replace("http", "smtp"))
    settings.cache_clear()
    told, message = written(session)
    deliver(session, message)
    assert (message.done_at, message.parked_at) == (None, None)
    assert message.leased_until is not None
    assert state(session, told) == ("queued", 1)
    with mail_server() as back:
        monkeypatch.setenv("COUNTERFLOW_SMTP_URL", back.url)
        settings.cache_clear()
        deliver(session, message)
        assert len(back.received) == 1
    assert state(session, told) == ("sent", 2)


def test_a_notice_that_is_refused_for_good_waits_for_a_person_with_the_servers_words(
    session: Session, mail: MailServer
) -> None:
    mail.answers["lin@example.com"] = "550 5.1.1 no such user"
    told, message = written(session)
    deliver(session, message)
    assert message.parked_at is not None
    assert message.last_error == "550 5.1.1 no such user"
    assert state(session, told) == ("failed", 1)
    mail.answers.clear()
    message.revive(at=datetime.now(UTC))
    deliver(session, message)
    assert state(session, told) == ("sent", 2)


def test_without_a_mail_server_letters_are_files_of_the_data_folder(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COUNTERFLOW_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    told, message = written(session)
    deliver(session, message)
    (file,) = (tmp_path / "mail").glob("*.eml")
    assert message_from_bytes(file.read_bytes(), policy=default)["Subject"] == told.notice.subject
    assert state(session, told) == ("sent", 1)
