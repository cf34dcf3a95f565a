"""The JSON API: nouns in `routes`, every refusal as problem+json (RFC 9457)."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from api.domain.errors import Conflict, Forbidden, NotFound, NotSignedIn, Refusal, Rejected
from api.payments.port import ProviderRefused, ProviderUnavailable
from api.routes import (
    audit,
    campaign_changes,
    campaigns,
    exceptions,
    health,
    messages,
    metrics,
    orders,
    payments,
    plans,
    preorders,
    promises,
    rules,
    runs,
    self_service,
    sessions,
    withdrawals,
)

_STATUS: dict[type[Refusal], int] = {
    NotSignedIn: 401,
    NotFound: 404,
    Forbidden: 403,
    Conflict: 409,
    Rejected: 422,
}
_LONGEST_VALUE = 100
NOT_JSON = 400
NO_PROVIDER = 503
TRY_TO_PAY_LATER = "The payment provider does not take this now. Nothing was charged; try again in a while."
UNSTORABLE = "A value cannot be kept: it holds a NUL character, or is too long or too large."


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal's family."""
    return next(status for family, status in _STATUS.items() if isinstance(refusal, family))


def create_app() -> FastAPI:
    """The API by itself; `web.app` mounts it at `/api`."""
    app = FastAPI(title="Counterflow", version="1", docs_url=None, redoc_url=None)
    for noun in (
        campaigns,
        campaign_changes,
        preorders,
        self_service,
        withdrawals,
        promises,
        payments,
        exceptions,
        plans,
        runs,
        orders,
        messages,
        sessions,
        health,
        metrics,
        rules,
        audit,
    ):
        app.include_router(noun.router)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(ProviderUnavailable, _no_provider)
    app.add_exception_handler(ProviderRefused, _no_provider)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DataError, _unstorable)
    return app


def problem(status: int, code: str, detail: str, more: Mapping[str, Any]) -> JSONResponse:
    """A problem+json answer; `code` is stable, `detail` is for people, `more` says the facts."""
    body = {
        "type": f"urn:counterflow:{code}",
        "title": code.replace("_", " "),
        "status": status,
        "detail": detail,
    }
    return JSONResponse({**more, **body}, status, media_type="application/problem+json")


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)  # noqa: S101 - for mypy: Starlette types every handler alike
    facts = {"errors": error.fields} if isinstance(error, Rejected) else error.facts()
    return problem(status_of(error), error.code, str(error), json.loads(json.dumps(facts, default=str)))


async def _malformed(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    wrong = [
        {"field": _path(one["loc"]), "value": _clipped(one.get("input")), "detail": one["msg"]}
        for one in error.errors()
    ]
    if any(one["type"] == "json_invalid" for one in error.errors()):
        wrong = [{"field": "body", "value": None, "detail": "is not JSON"}]
        return problem(NOT_JSON, "not_json", "body: is not JSON", {"errors": wrong})
    detail = "; ".join(f"{one['field']}: {one['detail']}" for one in wrong[:5])
    return problem(422, "invalid_request", detail, {"errors": wrong})


def _path(location: tuple[int | str, ...]) -> str:
    """`("body", "lines", 0, "sku")` as people write it: `lines[0].sku`."""
    parts = location[1:] if location[0] in ("body", "query", "path", "header", "cookie") else location
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.lstrip(".") or "body"


def _clipped(value: Any) -> Any:
    """What was sent, as far as it helps to recognise it."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return json.loads(text) if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


async def _no_provider(_: Request, error: Exception) -> JSONResponse:
    return problem(NO_PROVIDER, "payment_provider_unavailable", TRY_TO_PAY_LATER, {"words": str(error)})


async def _unstorable(_: Request, __: Exception) -> JSONResponse:
    return problem(422, "invalid_request", UNSTORABLE, {})


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    return problem(error.status_code, "http_error", str(error.detail), {})
