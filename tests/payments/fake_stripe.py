"""A Stripe of our own, a process by itself: `python -m tests.payments.fake_stripe PORT WEBHOOK SECRET TIME`.

It keeps sessions, intents, charges, refunds, disputes and balance transactions in memory, answers a repeated
idempotency key as the first time, refuses what Stripe refuses, and signs its webhooks. What a buyer, the
dashboard or a bank would do is done through `/test/…`; so is losing answers after acting on the request.
Its time is the one given, in seconds since 1970.
"""

import hashlib
import hmac
import json
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

Thing = dict[str, Any]
FEE_PER_MILLE, FEE_FIXED, DISPUTE_FEE = 29, 30, 1500


class Refused(Exception):
    """What Stripe answers instead: a status and an error."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.error = status, {"type": kind, "message": message}


class Books:
    """Everything the account has; events wait until they are sent."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.things: dict[str, Thing] = {}
        self.ledger: list[Thing] = []
        self.events: list[Thing] = []
        self.answers: dict[str, tuple[str, int, Thing]] = {}
        self.versions: set[str] = set()

    def new(self, prefix: str, kind: str, **values: Any) -> Thing:
        thing = {"id": f"{prefix}_{len(self.things) + 1:06}", "object": kind, "created": self.now, **values}
        self.things[thing["id"]] = thing
        return thing

    def get(self, identity: str) -> Thing:
        if identity not in self.things:
            raise Refused(404, "invalid_request_error", f"No such object: '{identity}'")
        return self.things[identity]

    def happened(self, kind: str, thing: Thing) -> None:
        self.events.append(
            self.new("evt", "event", type=kind, data={"object": json.loads(json.dumps(thing))})
        )

    def moved(self, source: Thing, kind: str, amount: int, fee: int = 0) -> Thing:
        line = self.new(
            "txn",
            "balance_transaction",
            type=kind,
            amount=amount,
            fee=fee,
            net=amount - fee,
            currency=source["currency"],
            source=source["id"],
        )
        self.ledger.append(line)
        return line

    # ------------------------------------------------------------------ the API

    def create_session(self, asked: Thing) -> Thing:
        session = self.new("cs", "checkout.session", status="open", payment_status="unpaid", **asked)
        session["url"] = f"https://checkout.stripe.example/{session['id']}"
        return session

    def create_intent(self, asked: Thing) -> Thing:
        customer, card = self.get(asked["customer"]), self.get(asked["payment_method"])
        if card["customer"] != customer["id"]:
            raise Refused(400, "invalid_request_error", "The payment method belongs to another customer.")
        return self.charge(asked, declined=card["declines"])

    def charge(self, asked: Thing, *, declined: bool = False) -> Thing:
        amount = int(asked["amount"])
        intent = self.new("pi", "payment_intent", latest_charge=None, **{**asked, "amount": amount})
        if declined:
            intent |= {"status": "requires_payment_method", "amount_received": 0}
            intent["last_payment_error"] = {"message": "Your card was declined."}
            self.happened("payment_intent.payment_failed", intent)
            raise Refused(402, "card_error", "Your card was declined.")
        charge = self.new("ch", "charge", amount=amount, currency=asked["currency"], refunded=0)
        charge |= {"payment_intent": intent["id"], "metadata": asked["metadata"]}
        self.moved(charge, "charge", amount, amount * FEE_PER_MILLE // 1000 + FEE_FIXED)
        intent |= {"status": "succeeded", "amount_received": amount, "latest_charge": charge["id"]}
        self.happened("payment_intent.succeeded", intent)
        return intent

    def create_refund(self, asked: Thing) -> Thing:
        charge, amount = self.get(asked["charge"]), int(asked["amount"])
        if charge["refunded"] + amount > charge["amount"]:
            raise Refused(400, "invalid_request_error", "Refund amount is greater than unrefunded amount.")
        charge["refunded"] += amount
        refund = self.new(
            "re",
            "refund",
            amount=amount,
            charge=charge["id"],
            currency=charge["currency"],
            status="succeeded",
            payment_intent=charge["payment_intent"],
            metadata=asked.get("metadata", {}),
        )
        self.moved(refund, "refund", -amount)
        self.happened("refund.created", refund)
        self.happened("charge.refunded", charge)
        return refund

    def list_ledger(self, asked: Thing) -> Thing:
        created, size = asked["created"], 2  # pages are short, so that the reader has to turn them
        lines = [x for x in self.ledger if int(created["gte"]) <= x["created"] < int(created["lt"])]
        after = (
            [x["id"] for x in lines].index(asked["starting_after"]) + 1 if "starting_after" in asked else 0
        )
        page = lines[after : after + size]
        more = len(lines) > after + size
        return {"object": "list", "url": "/v1/balance_transactions", "data": page, "has_more": more}

    # ------------------------------------------------------------------ people and banks

    def pay(self, asked: Thing) -> Thing:
        """A buyer at the page of a session: `with` is a card that pays, or `declined`, or `stranger`."""
        session = self.get(asked["session"])
        if session["mode"] == "setup":
            return self._keep_card(session, declines=asked["with"] == "declined")
        intended = session["payment_intent_data"]
        price = session["line_items"]["0"]["price_data"]
        amount = int(price["unit_amount"]) * int(session["line_items"]["0"]["quantity"])
        wanted = {"amount": amount, "currency": price["currency"], "metadata": intended["metadata"]}
        try:
            intent = self.charge(wanted, declined=asked["with"] == "declined")
        except Refused:
            return session
        session |= {"status": "complete", "payment_status": "paid", "payment_intent": intent["id"]}
        self.happened("checkout.session.completed", session)
        return session

    def _keep_card(self, session: Thing, *, declines: bool) -> Thing:
        customer = self.new("cus", "customer")
        card = self.new("pm", "payment_method", customer=customer["id"], declines=declines)
        intent = self.new("seti", "setup_intent", **session["setup_intent_data"])
        intent |= {"customer": customer["id"], "payment_method": card["id"], "status": "succeeded"}
        session |= {"status": "complete", "setup_intent": intent["id"]}
        self.happened("setup_intent.succeeded", intent)
        return session

    def expire(self, asked: Thing) -> Thing:
        session = self.get(asked["session"])
        session["status"] = "expired"
        self.happened("checkout.session.expired", session)
        return session

    def dispute(self, asked: Thing) -> Thing:
        charge = self.get(asked["charge"])
        dispute = self.new("du", "dispute", amount=charge["amount"], currency=charge["currency"])
        line = self.moved(dispute, "adjustment", -charge["amount"], DISPUTE_FEE)
        dispute |= {"reason": "fraudulent", "charge": charge["id"], "balance_transactions": [line]}
        dispute["payment_intent"] = charge["payment_intent"]
        self.happened("charge.dispute.created", dispute)
        self.happened("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def fail_refund(self, asked: Thing) -> Thing:
        refund = self.get(asked["refund"])
        refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
        self.moved(refund, "refund_failure", refund["amount"])
        self.happened("refund.failed", refund)
        return refund

    def state(self, _: Thing) -> Thing:
        counts: dict[str, int] = {}
        for thing in self.things.values():
            counts[thing["object"]] = counts.get(thing["object"], 0) + 1
        balance = sum(line["net"] for line in self.ledger)
        return {"counts": counts, "balance": balance, "versions": sorted(self.versions)}


class Account:
    """The books behind a door: one request at a time, each idempotency key once."""

    def __init__(self, webhook: str, secret: str, now: int) -> None:
        self.books, self._webhook, self._secret = Books(now), webhook, secret
        self._lock = threading.Lock()
        self.losing = 0
        books = self.books
        self.doors: dict[str, Callable[[Thing], Thing]] = {
            "POST /v1/checkout/sessions": books.create_session,
            "POST /v1/payment_intents": books.create_intent,
            "POST /v1/refunds": books.create_refund,
            "GET /v1/balance_transactions": books.list_ledger,
            "POST /test/pay": books.pay,
            "POST /test/expire": books.expire,
            "POST /test/dispute": books.dispute,
            "POST /test/fail_refund": books.fail_refund,
            "POST /test/lose": self.lose,
            "GET /test/state": books.state,
        }

    def lose(self, asked: Thing) -> Thing:
        """Act on so many requests to come, and answer none of them."""
        self.losing = int(asked["answers"])
        return {}

    def deliver(self, asked: Thing) -> Thing:
        """Send every event there is, `times` each, the last first where `backwards`."""
        events = self.books.events * int(asked.get("times", 1))
        statuses = [self._send(event) for event in (events[::-1] if asked.get("backwards") else events)]
        return {"statuses": statuses}

    def _send(self, event: Thing) -> int:
        body = json.dumps(event)
        signed = hmac.new(self._secret.encode(), f"{self.books.now}.{body}".encode(), hashlib.sha256)
        headers = {
            "stripe-signature": f"t={self.books.now},v1={signed.hexdigest()}",
            "content-type": "application/json",
        }
        request = urllib.request.Request(self._webhook, body.encode(), headers)  # noqa: S310 - a test's own
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            return refusal.code

    def answer(self, verb: str, path: str, asked: Thing, key: str) -> tuple[int, Thing]:
        if path == "/test/deliver":  # whoever gets an event may ask us about it
            return 200, self.deliver(asked)
        asking = json.dumps([path, asked])
        with self._lock:
            if key in self.books.answers:
                before, status, answer = self.books.answers[key]
                if before != asking:
                    words = "Keys for idempotent requests can only be used with the same parameters."
                    return 400, {"error": {"type": "idempotency_error", "message": words}}
                return status, answer
            status, answer = self._act(verb, path, asked)
            if key:
                self.books.answers[key] = asking, status, answer
            return status, answer

    def _act(self, verb: str, path: str, asked: Thing) -> tuple[int, Thing]:
        try:
            if door := self.doors.get(f"{verb} {path}"):
                return 200, door(asked)
            return 200, self.books.get(path.rpartition("/")[2])
        except Refused as refusal:
            return refusal.status, {"error": refusal.error}


def nested(pairs: list[tuple[str, str]]) -> Thing:
    """`line_items[0][price]=1` as the SDK writes it, as the documents it means."""
    asked: Thing = {}
    for name, value in pairs:
        *folders, last = name.replace("]", "").split("[")
        place = asked
        for folder in folders:
            place = place.setdefault(folder, {})
        place[last] = value
    return asked


class Door(BaseHTTPRequestHandler):
    """HTTP before the account."""

    account: Account

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        self._answer("GET", address.path, nested(parse_qsl(address.query)))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"] or 0)).decode()
        self._answer("POST", urlsplit(self.path).path, nested(parse_qsl(body)))

    def _answer(self, verb: str, path: str, asked: Thing) -> None:
        ours = path.startswith("/test/")
        if not ours:
            self.account.books.versions.add(self.headers["stripe-version"])
        key = self.headers["idempotency-key"] if verb == "POST" and not ours else None
        status, answer = self.account.answer(verb, path, asked, key or "")
        if not ours and self.account.losing:
            self.account.losing -= 1
            self.close_connection = True
            return
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    port, webhook, secret, now = sys.argv[1:]
    Door.account = Account(webhook, secret, int(now))
    ThreadingHTTPServer(("127.0.0.1", int(port)), Door).serve_forever()
