"""The other sides of the channels: a real mail server, and doors that keep the vendors' published rules."""

import hashlib
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from api.notices.sms import signed

KEY_ID, KEY_SECRET, OPENID = "key-id", "key secret", "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"
USER, PASSWORD = "us", "p@ss word"


@dataclass
class MailServer:
    """A mail server that keeps what it takes, and answers some addresses as told."""

    received: list[Message] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    port: int = 0

    @property
    def url(self) -> str:
        return f"smtp://us:p%40ss%20word@127.0.0.1:{self.port}"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, options
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        del server, session
        self.received.append(message_from_bytes(bytes(envelope.content or b""), policy=default))
        return "250 OK"


class _OnItsOwnPort(Controller):
    """A controller that binds its port before anybody is told it."""

    def __init__(self, handler: MailServer) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        super().__init__(
            handler,
            hostname="127.0.0.1",
            port=self._socket.getsockname()[1],
            authenticator=_knows_us,
            auth_require_tls=False,
        )

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._socket)


def _knows_us(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    del server, session, envelope, mechanism
    ours = isinstance(data, LoginPassword) and (data.login, data.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=ours)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A mail server on a port of its own; only who signs in may send."""
    handler = MailServer()
    controller = _OnItsOwnPort(handler)
    handler.port = controller.port
    controller.start()
    try:
        yield handler
    finally:
        controller.stop()


@dataclass
class Vendor:
    """What a vendor's door was asked, and how it answers next; empty: as if all were well."""

    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    token: int = 0
    port: int = 0

    @property
    def sms_url(self) -> str:
        return (
            f"http://{KEY_ID}:key%20secret@127.0.0.1:{self.port}"
            "?sign=Counterflow&template_zh=SMS_1&template_en=SMS_2"
        )

    @property
    def wechat_url(self) -> str:
        return f"http://wx1:shh@127.0.0.1:{self.port}?template_zh=T1&template_en=T2"


@contextmanager
def vendor() -> Iterator[Vendor]:
    """A door for text messages and template messages, on a port of its own."""
    known = Vendor()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            query = dict(parse_qsl(url.query))
            known.asked.append((url.path, query, json.loads(body) if body else None))
            answer = _wechat(known, url.path, query) if body else _sms(known, query, dict(self.headers))
            said = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            """Tests read `asked`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    known.port = server.server_port
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _sms(known: Vendor, query: dict[str, str], headers: dict[str, str]) -> dict[str, Any]:
    given = {name.lower(): value for name, value in headers.items()}
    covered = {name: value for name, value in given.items() if name == "host" or name.startswith("x-acs-")}
    wanted = signed(covered, query, key_id=KEY_ID, key_secret=KEY_SECRET)
    if given["authorization"] != wanted or given["x-acs-content-sha256"] != hashlib.sha256().hexdigest():
        return {"Code": "SignatureDoesNotMatch", "Message": "Specified signature is not matched."}
    return known.answers.pop(0) if known.answers else {"Code": "OK", "Message": "OK", "BizId": "1"}


def _wechat(known: Vendor, path: str, query: dict[str, str]) -> dict[str, Any]:
    if path.endswith("stable_token"):
        known.token += 1
        return {"access_token": f"token-{known.token}", "expires_in": 7200}
    if query["access_token"] != f"token-{known.token}":
        return {"errcode": 42001, "errmsg": "access_token expired"}
    return known.answers.pop(0) if known.answers else {"errcode": 0, "errmsg": "ok", "msgid": 1}
