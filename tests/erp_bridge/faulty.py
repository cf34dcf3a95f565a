"""A server in front of the real Odoo that drops answers after Odoo has acted, or answers by itself."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Lock, Thread

import httpx


class FaultyOdoo(ThreadingHTTPServer):
    """Passes calls on to ``upstream``; ``drop`` and ``answer`` name the calls it spoils, one time each.

    With ``pair``, a call waits until another is there too.
    """

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = upstream
        self.drop: list[str] = []
        self.answer: dict[str, list[int]] = {}
        self.seen: list[str] = []
        self.pair: Barrier | None = None
        self.most_at_once = self._inside = 0
        self._lock = Lock()
        self.url = f"http://127.0.0.1:{self.server_port}"

    @contextmanager
    def one_more_inside(self) -> Iterator[None]:
        with self._lock:
            self._inside += 1
            self.most_at_once = max(self.most_at_once, self._inside)
        if self.pair:
            self.pair.wait(timeout=30)
        yield
        with self._lock:
            self._inside -= 1


class _Handler(BaseHTTPRequestHandler):
    server: FaultyOdoo

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        method = self.path.rsplit("/", 1)[-1]
        self.server.seen.append(method)
        if statuses := self.server.answer.get(method):
            self.send_error(statuses.pop(0))
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        with self.server.one_more_inside():
            answer = httpx.post(self.server.upstream + self.path, content=body, headers=headers, timeout=60)
        if method in self.server.drop:
            self.server.drop.remove(method)
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_: object) -> None:
        """Say nothing on the terminal of the tests."""


@contextmanager
def in_front_of(upstream: str) -> Iterator[FaultyOdoo]:
    with FaultyOdoo(upstream) as server, serving(server):
        yield server


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    """Answer in a thread of its own for the length of a block."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
