from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from api.domain.errors import KeyReused, invalid
from api.domain.types import Moment, json_column

LONGEST_KEY = 200


def check_key(key: str) -> None:
    """Raises InvalidRequest for an empty or endless key."""
    if not key.strip() or len(key) > LONGEST_KEY:
        raise invalid("Idempotency-Key", key[:40], f"must have 1 to {LONGEST_KEY} characters")


class IdempotencyRecord(SQLModel, table=True):
    """The first request that came with a key, and the answer it got."""

    __tablename__ = "idempotency_record"

    key: str = Field(primary_key=True, max_length=200)
    request: dict[str, Any] = Field(sa_column=json_column())
    answer: dict[str, Any] = Field(sa_column=json_column())
    recorded_at: datetime = Field(sa_type=Moment, index=True)

    def answer_to(self, request: dict[str, Any]) -> dict[str, Any]:
        """The first answer; raises KeyReused naming the fields in which `request` differs."""
        differences = _differences(self.request, request)
        if differences:
            raise KeyReused(self.key, differences)
        return self.answer


def _differences(first: Any, second: Any, path: str = "") -> list[str]:
    """Paths of the leaves in which two JSON values differ, sorted."""
    if isinstance(first, dict) and isinstance(second, dict):
        keys = sorted(first.keys() | second.keys())
        return [
            d for k in keys for d in _differences(first.get(k), second.get(k), f"{path}.{k}" if path else k)
        ]
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        return [
            d
            for i, (a, b) in enumerate(zip(first, second, strict=True))
            for d in _differences(a, b, f"{path}[{i}]")
        ]
    return [] if first == second else [path or "body"]
