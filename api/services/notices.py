"""Messages to buyers: one for each change of money or date, written in the transaction of the change."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from api.domain.preorder import Preorder
from api.services import outbox


def tell(session: Session, preorder: Preorder, what: str, *, key: str, at: datetime, **facts: Any) -> None:
    """Let the buyer know; the same key is told once."""
    outbox.record(session, "notice.send", subject=preorder.number, at=at, what=what, key=key, facts=facts)
