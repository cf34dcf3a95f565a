"""Our records as JSON, for files and terminals: what goes in is checked by name, what comes out is plain."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from erp_bridge.records import ErpOrder, ErpOrderLine, Mode

T = TypeVar("T")


class NotAnOrder(ValueError):
    """What was given is no order: the words name the field, what stands there and what should."""


def orders_from(text: str) -> list[ErpOrder]:
    """The orders of a JSON document: one, or a list of them.

    Raises
    ------
    NotAnOrder
        Naming the place of the first thing that is wrong.
    """
    try:
        given = json.loads(text)
    except json.JSONDecodeError as exc:
        raise NotAnOrder(f"line {exc.lineno}, column {exc.colno}: {exc.msg}") from exc
    if isinstance(given, list):
        return [_order(each, f"[{place}].") for place, each in enumerate(given)]
    return [_order(given, "")]


def plain(value: Any) -> Any:
    """Any record of the bridge as what JSON knows; moments in UTC with a Z, sets sorted."""
    if is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    elif hasattr(value, "_asdict"):  # a named tuple
        value = value._asdict()
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(plain(each) for each in value)
    return [plain(each) for each in value] if isinstance(value, list | tuple) else _word(value)


def _word(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.value if isinstance(value, Enum) else value


def _order(given: Any, place: str) -> ErpOrder:
    lines = _field(given, "lines", place, lambda value: [*value], "a list of lines")
    try:
        return ErpOrder(
            reference=_text(given, "reference", place),
            factory=_text(given, "factory", place),
            mode=_field(given, "mode", place, Mode, f"one of {', '.join(Mode)}"),
            line=_text(given, "line", place),
            lines=tuple(_line(each, f"{place}lines[{number}].") for number, each in enumerate(lines)),
            start_at=_moment(given, "start_at", place),
            finish_at=_moment(given, "finish_at", place),
            currency=_text(given, "currency", place),
        )
    except NotAnOrder:
        raise
    except ValueError as exc:
        raise NotAnOrder(f"{place.rstrip('.') or 'the order'}: {exc}") from exc


def _line(given: Any, place: str) -> ErpOrderLine:
    return ErpOrderLine(
        _text(given, "sku", place),
        _whole(given, "quantity", place),
        _whole(given, "unit_price_minor", place) if "unit_price_minor" in given else 0,
    )


def _text(given: Any, name: str, place: str) -> str:
    return _field(given, name, place, _only(str), "text")


def _whole(given: Any, name: str, place: str) -> int:
    return _field(given, name, place, _only(int), "a whole number")


def _moment(given: Any, name: str, place: str) -> datetime:
    wants = "a moment with its offset, 2027-01-15T10:00:00Z"
    moment = _field(given, name, place, datetime.fromisoformat, wants)
    if moment.tzinfo is None:
        raise NotAnOrder(f"{place}{name} {given[name]!r}: wants {wants}")
    return moment.astimezone(UTC)


def _only(kind: type[T]) -> Callable[[Any], T]:
    def read(value: Any) -> T:
        if type(value) is not kind:  # JSON's true would pass for a whole number
            raise TypeError
        return value

    return read


def _field(given: Any, name: str, place: str, read: Callable[[Any], T], wants: str) -> T:
    if not isinstance(given, Mapping):
        raise NotAnOrder(f"{place.rstrip('.') or 'the document'} {given!r}: wants an object with its fields")
    if name not in given:
        raise NotAnOrder(f"{place}{name} is missing: wants {wants}")
    try:
        return read(given[name])
    except (TypeError, ValueError) as exc:
        raise NotAnOrder(f"{place}{name} {given[name]!r}: wants {wants}") from exc
