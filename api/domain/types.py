"""Column types that hold what the prose promises: aware UTC moments, words from a closed list."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, DateTime, Enum, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB

JSON = JSONB(none_as_null=True)


class Moment(TypeDecorator[datetime]):
    """An aware moment, stored and returned in UTC; a naive one is refused before it is written."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is not None and value.tzinfo is None:
            raise ValueError(f"a moment needs its time zone: {value!r}")
        return value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        return value.astimezone(UTC) if value is not None else None


def one_of(
    words: type[StrEnum], name: str, *, index: bool = False, key: bool = False, nullable: bool = False
) -> Column[Any]:
    """A text column that holds one of the enum's words and nothing else (CHECK `name`)."""
    kind = Enum(
        words, native_enum=False, length=20, create_constraint=True, name=name, values_callable=_values
    )
    return Column(kind, nullable=nullable, index=index, primary_key=key)


def json_column(*, nullable: bool = False) -> Column[Any]:
    """A JSONB column."""
    return Column(JSON, nullable=nullable)


def _values(words: type[StrEnum]) -> list[str]:
    return [word.value for word in words]
