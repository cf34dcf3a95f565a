"""The whole site: pages, the JSON API at `/api`, and the files they need."""

from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.middleware.base import RequestResponseEndpoint

from api.app import NO_PROVIDER, UNSTORABLE, status_of
from api.app import create_app as create_api
from api.domain.errors import NotSignedIn, Refusal
from api.payments.port import ProviderRefused, ProviderUnavailable
from api.routes import health, metrics
from web import console, factory, law, notices, sandbox, shop
from web.pages import CONTENT_SECURITY_POLICY, STATIC, render

_SAFE = ("GET", "HEAD", "OPTIONS")
_OURS = ("same-origin", "none")
_YEAR = "public, max-age=31536000, immutable"


def create_app() -> FastAPI:
    """The application a web process serves."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.middleware("http")(_guard)
    app.mount("/api", create_api())
    app.mount("/static", StaticFiles(directory=STATIC))
    for room in (shop, law, notices, sandbox, console, factory, health, metrics):
        app.include_router(room.router)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(ProviderUnavailable, _no_provider)
    app.add_exception_handler(ProviderRefused, _no_provider)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DataError, _unstorable)
    return app


async def _guard(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """No form of another site acts in our reader's name; no page runs what we did not write."""
    if request.method not in _SAFE and _from_elsewhere(request):
        return JSONResponse({"detail": "This form was sent from another site."}, 403)
    answer = await call_next(request)
    answer.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Referrer-Policy", "same-origin")  # a link to a pre-order is a secret
    if request.url.path.startswith("/static/") and request.url.query:
        answer.headers["Cache-Control"] = _YEAR
    return answer


def _from_elsewhere(request: Request) -> bool:
    """Whether a browser says that another site sent this; programs say nothing and hold no cookie."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in _OURS
    origin = request.headers.get("origin")
    return origin is not None and origin.partition("://")[2] != request.headers.get("host")


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - for mypy: Starlette types every handler alike
    if isinstance(error, NotSignedIn):
        return RedirectResponse(f"/console/sign-in?next={quote(request.url.path)}", 303)
    return _page(request, status_of(error), error.code, str(error))


async def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    wrong = "; ".join(f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors()[:5])
    return _page(request, 422, "invalid_request", wrong)


async def _no_provider(request: Request, _: Exception) -> Response:
    return _page(request, NO_PROVIDER, "", "")


async def _unstorable(request: Request, _: Exception) -> Response:
    return _page(request, 422, "invalid_request", UNSTORABLE)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    return _page(request, error.status_code, "", "")


def _page(request: Request, status: int, code: str, detail: str) -> Response:
    return render(
        request, "error.html", status_code=status, status=status, code=code, detail=detail, back_href="/"
    )


app = create_app()
