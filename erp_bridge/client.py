"""odoo-client-lib's JSON-2 connection, with a pooled transport, time limits and typed errors.

What the library leaves open and this adds: it opens a new TLS context for each call (most of a call's cost),
waits 60 s whatever is asked, raises ``ValueError`` for every HTTP status, and returns a dict instead of a
list when one record is read. Everything an Odoo can answer is translated here and nowhere else.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from odoolib.json2 import Json2Connection, Json2Connector, Json2SConnector, JsonModel

from erp_bridge.circuit import Circuit
from erp_bridge.errors import ErpRejected, ErpUnavailable

logger = logging.getLogger(__name__)

Row = dict[str, Any]

READS = frozenset({"context_get", "read", "search", "search_count", "search_read"})
READ_PAUSES_SECONDS = (0.1, 0.4)  # before the second and third try of a read; a write is tried once
BUSY = frozenset({408, 425, 429, 502, 503, 504})
# Odoo answers 500 both for its own bugs and when PostgreSQL is gone or two transactions collided five times.
PASSING = ("psycopg2.", "OperationalError", "SerializationFailure", "ConcurrencyError")
# Odoo's page, in English only, for a database it does not have; and for its own while PostgreSQL is away.
NO_DATABASE = "No database is selected"
COLLISION = (
    "could not serialize access"  # PostgreSQL's words, which `load` reports as if they were data errors
)


class Model(JsonModel):  # type: ignore[misc]  # odoolib ships no types
    """One model of Odoo; each attribute is a method of it that takes keyword arguments only."""

    connection: "Odoo"
    model_name: str

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if method.startswith("__"):  # copy and pickle ask for such names before there is a connection
            raise AttributeError(method)

        def call(**arguments: Any) -> Any:
            return self.connection.call(self.model_name, method, arguments)

        return call

    def read(self, **arguments: Any) -> list[Row]:
        rows: list[Row] = self.connection.call(self.model_name, "read", arguments)
        return rows

    def load(self, *, fields: Sequence[str], data: Sequence[Sequence[str]]) -> list[int]:
        """Insert or update by external id, all rows or none; raises on the failures Odoo answers with 200."""
        answer = self.connection.call(self.model_name, "load", {"fields": fields, "data": data})
        if not answer["ids"]:
            words = "; ".join(message["message"].strip() for message in answer["messages"])
            kind = ErpUnavailable if COLLISION in words else ErpRejected
            raise kind(f"{self.model_name}/load: {words}")
        ids: list[int] = answer["ids"]
        return ids


class Odoo(Json2Connection):  # type: ignore[misc]  # odoolib ships no types
    """A connection to one database of one Odoo, for one key; safe to share between threads.

    Parameters
    ----------
    url
        Where Odoo answers, ``https://erp.example``; a path is ignored.
    connect_seconds, read_seconds
        Longest wait for a connection, and between two parts of an answer. Confirming many documents in one
        call takes Odoo many seconds, so the second is generous.
    calls_at_once
        More threads than this wait for one another, up to ``read_seconds``: each call keeps one of Odoo's
        workers busy, and the people who work there need some too.
    circuit
        What spares an Odoo that is down; several connections to one Odoo share it.
    """

    bearer_header: httpx.Headers

    def __init__(
        self,
        url: str,
        db: str,
        api_key: str,
        *,
        connect_seconds: float = 5,
        read_seconds: float = 120,
        calls_at_once: int = 2,
        circuit: Circuit | None = None,
    ) -> None:
        super().__init__(_connector(url), db, api_key)
        self.bearer_header = httpx.Headers(self.bearer_header)  # the same, but its repr hides the key
        self._circuit = circuit or Circuit()
        self._http = httpx.Client(
            headers=self.bearer_header,
            timeout=httpx.Timeout(read_seconds, connect=connect_seconds),
            transport=httpx.HTTPTransport(
                retries=1,  # of connecting only: nothing has been sent by then
                limits=httpx.Limits(max_connections=calls_at_once),
            ),
        )

    def __repr__(self) -> str:
        return f"<Odoo {self.connector.url} database {self.database}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def get_model(self, model_name: str) -> Model:
        return Model(self, model_name)

    __getitem__ = get_model

    def call(self, model: str, method: str, arguments: Mapping[str, Any]) -> Any:
        """Answer of one method call; reads are tried three times, because repeating them changes nothing.

        Raises
        ------
        ErpUnavailable
            When no answer came, or one that asks for patience: after a write the server may have acted. Or
            when the last ones did not come, so that the server was not asked.
        ErpRejected
            When the answer is a refusal, with the server's words.
        """
        for pause in READ_PAUSES_SECONDS if method in READS else ():
            try:
                return self._guarded(model, method, arguments)
            except ErpUnavailable as exc:
                logger.info("odoo read repeated: %s/%s: %s", model, method, exc)
                time.sleep(pause)
        return self._guarded(model, method, arguments)

    def _guarded(self, model: str, method: str, arguments: Mapping[str, Any]) -> Any:
        with self._circuit:
            return self._call_once(model, method, arguments)

    def _call_once(self, model: str, method: str, arguments: Mapping[str, Any]) -> Any:
        url = f"{self.connector.url}{model}/{method}"
        try:
            response = self._http.post(url, json=arguments)
        except httpx.TransportError as exc:
            raise ErpUnavailable(
                f"Odoo at {self.connector.url} did not answer: {type(exc).__name__}"
            ) from exc
        logger.debug(
            "odoo %s/%s %s %.3f s", model, method, response.status_code, response.elapsed.total_seconds()
        )
        if response.status_code != httpx.codes.OK:
            raise _refusal(response, f"{model}/{method}")
        try:
            return response.json()
        except ValueError as exc:
            raise ErpRejected(f"what answers at {self.connector.url} is not Odoo's JSON-2 API") from exc


def _connector(url: str) -> Json2Connector:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ErpRejected(f"{url!r} is not the address of an Odoo: it wants http:// or https:// and a host")
    if parts.scheme == "https":
        return Json2SConnector(parts.hostname, parts.port or 443)
    return Json2Connector(parts.hostname, parts.port or 80)


def _refusal(response: httpx.Response, what: str) -> ErpUnavailable | ErpRejected:
    """The error an HTTP status means; Odoo's message is quoted, its traceback (``debug``) never."""
    try:
        body = response.json()
        name, words = str(body["name"]), str(body["message"]).strip()
    except (ValueError, KeyError, TypeError):
        name, words = "", "the answer is not Odoo's: check the address and the name of the database"
    status = response.status_code
    if status == httpx.codes.NOT_FOUND and NO_DATABASE in response.text:
        return ErpUnavailable(
            f"{what}: Odoo does not reach its database; if it stays so, check the name of the database"
        )
    if status in BUSY or (status == httpx.codes.INTERNAL_SERVER_ERROR and any(p in name for p in PASSING)):
        return ErpUnavailable(f"{what}: Odoo is busy ({status})")
    if status == httpx.codes.UNAUTHORIZED:
        return ErpRejected(f"Odoo refuses the API key: {words}")
    if status == httpx.codes.FORBIDDEN:
        return ErpRejected(f"{what}: the user of the API key lacks a right: {words}")
    return ErpRejected(f"{what}: {words}")
