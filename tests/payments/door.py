"""The server of a provider in the smallest: it keeps what it is asked, and answers what the test says."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from api.payments.rsa import Keys


@dataclass
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: str


Answer = tuple[int, dict[str, str], str]


@dataclass
class ProviderDoor:
    """Where it listens, what it was asked, and how it answers."""

    answer: Callable[[Asked], Answer]
    address: str = ""
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def opened(answer: Callable[[Asked], Answer]) -> Iterator[ProviderDoor]:
    door = ProviderDoor(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            asked = Asked(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            door.asked.append(asked)
            status, headers, text = door.answer(asked)
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(text.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    door.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield door
    server.shutdown()
    thread.join()
    server.server_close()


def key_pair(folder: Path, name: str) -> tuple[Path, Path]:
    """PEM files of a new key: the private one and the public one."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private, public = folder / f"{name}.pem", folder / f"{name}.pub.pem"
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, info))
    return private, public


@dataclass(frozen=True)
class Sides:
    """Our keys and the provider's: what one signs the other believes; and somebody else's."""

    ours: Keys
    theirs: Keys
    stranger: Keys


def sides_in(folder: Path) -> Sides:
    (ours, ours_public), (theirs, theirs_public) = key_pair(folder, "ours"), key_pair(folder, "theirs")
    return Sides(
        ours=Keys(private=ours, public=theirs_public),
        theirs=Keys(private=theirs, public=ours_public),
        stranger=Keys(private=key_pair(folder, "stranger")[0], public=ours_public),
    )
