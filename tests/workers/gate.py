"""An address in front of a server that refuses every connection until it is opened."""

import socket
from contextlib import suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Self
from urllib.parse import urlsplit


class Gate(ThreadingTCPServer):
    """Its port is taken from the beginning, so nobody else gets it; ``open`` lets connections through."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Pipe, bind_and_activate=False)
        parts = urlsplit(upstream)
        self.upstream = parts.hostname, parts.port
        self.server_bind()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._serving: Thread | None = None

    def open(self) -> None:
        """From now on whoever connects reaches the server behind."""
        self.server_activate()
        self._serving = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self._serving.start()

    def __exit__(self, *error: object) -> None:
        if self._serving:
            self.shutdown()
            self._serving.join()
        self.server_close()

    def __enter__(self) -> Self:
        return self


class _Pipe(BaseRequestHandler):
    server: Gate

    def handle(self) -> None:
        with socket.create_connection(self.server.upstream) as behind:
            back = Thread(target=_copy, args=(behind, self.request))
            back.start()
            _copy(self.request, behind)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while received := source.recv(65536):
            target.sendall(received)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
