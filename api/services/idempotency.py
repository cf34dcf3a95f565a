from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from api.domain.errors import invalid
from api.domain.idempotency import IdempotencyRecord

LONGEST_KEY = 200


def answer_once(
    session: Session, key: str, *, request: dict[str, Any], at: datetime, make: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """The answer `make` gives to the first request with this key, and the same answer ever after.

    Twins that arrive at the same moment wait for each other. Raises KeyReused where the request differs,
    InvalidRequest for an empty or endless key.
    """
    if not key.strip() or len(key) > LONGEST_KEY:
        raise invalid("Idempotency-Key", key[:40], f"must have 1 to {LONGEST_KEY} characters")
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    known = session.get(IdempotencyRecord, key)
    if known is not None:
        return known.answer_to(request)
    answer = make()
    session.add(IdempotencyRecord(key=key, request=request, answer=answer, recorded_at=at))
    return answer
