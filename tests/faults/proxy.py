"""A bad network before a real Odoo: answers are lost, requests arrive twice, some later than anyone waits."""

import socket
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from threading import Event, Lock

import httpx

from tests.erp_bridge.faulty import serving


class Fault(StrEnum):
    """What may happen to one call on its way."""

    DROPPED = "dropped"  # the server acts, and nobody hears of it
    DOUBLED = "doubled"  # the server gets it twice at once; one of the two answers is passed on
    LATE_ANSWER = "late answer"  # the server acts at once, its answer comes after the caller's time limit
    LATE_REQUEST = "late request"  # the server acts after the caller has given up, and perhaps tried again


@dataclass(frozen=True, slots=True)
class Weather:
    """How many of the calls meet each fault, from 0 to 1, and by how many seconds the late ones are late."""

    shares: dict[Fault, float]
    late_seconds: float
    seed: int


class BadNetwork(ThreadingHTTPServer):
    """Passes calls on to ``upstream``; ``met`` counts the calls and the faults they met."""

    def __init__(self, upstream: str, weather: Weather) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.calls = 0
        self.met: Counter[Fault] = Counter()
        self.over = Event()
        self._upstream = upstream
        self._weather = weather
        self._luck = Random(weather.seed)
        self._under_way = 0
        self._lock = Lock()
        self._http = httpx.Client(timeout=120, limits=httpx.Limits(max_keepalive_connections=0))

    def fate(self) -> Fault | None:
        """What happens to the next call."""
        with self._lock:
            self.calls += 1
            lot = self._luck.random()
            for fault, share in self._weather.shares.items():
                if lot < share:
                    self.met[fault] += 1
                    return fault
                lot -= share
        return None

    @property
    def quiet(self) -> bool:
        """Whether no call is under way, not even one whose caller has gone."""
        return self._under_way == 0

    @contextmanager
    def under_way(self) -> Iterator[None]:
        with self._lock:
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def forward(self, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response | None:
        """The server's answer, or None where it is down or dies meanwhile, or the round is over."""
        if self.over.is_set():
            return None
        try:
            return self._http.post(self._upstream + path, content=body, headers=headers)
        except httpx.TransportError:
            return None

    def wait(self) -> None:
        """Let the time pass by which a late one is late."""
        self.over.wait(self._weather.late_seconds)

    def server_close(self) -> None:
        super().server_close()
        self._http.close()

    def handle_error(self, *where: object) -> None:
        """A caller that hung up is no news here."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*where)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: BadNetwork
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.under_way():
            fault = self.server.fate()
            answer = self._ask(body, fault)
            if fault is Fault.LATE_ANSWER:
                self.server.wait()
        if answer is None or fault is Fault.DROPPED:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def _ask(self, body: bytes, fault: Fault | None) -> httpx.Response | None:
        kept = ("authorization", "content-type", "x-odoo-database")
        headers = {name: value for name, value in self.headers.items() if name.lower() in kept}
        if fault is Fault.LATE_REQUEST:
            self.server.wait()
        if fault is not Fault.DOUBLED:
            return self.server.forward(self.path, body, headers)
        with ThreadPoolExecutor(2) as both:
            first, second = (both.submit(self.server.forward, self.path, body, headers) for _ in range(2))
            return first.result() if self.server.calls % 2 else second.result()

    def log_message(self, *_: object) -> None:
        """Say nothing on the terminal."""


@contextmanager
def bad_network(upstream: str, weather: Weather) -> Iterator[BadNetwork]:
    """Run one before a server; at the end nothing late is waited for any more."""
    with BadNetwork(upstream, weather) as server, serving(server):
        yield server
        server.over.set()
