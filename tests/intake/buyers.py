"""Many buyers at once, over real connections: a small HTTP client that costs less than what it measures."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: its status and JSON, and at which second of the machine it was asked for how long."""

    status: int
    body: dict[str, Any]
    began: float
    seconds: float


def order(campaign: str, sku: str, number: int) -> dict[str, Any]:
    """What the buyer of that number sends."""
    return {
        "campaign": campaign,
        "lines": [{"sku": sku, "quantity": 1}],
        "name": f"Buyer {number}",
        "email": f"buyer{number}@example.com",
        "region": "east",
        "address": "12 Harbour Road, Ningbo",
    }


def rush(address: str, orders: Sequence[tuple[str, dict[str, Any]]], *, connections: int) -> list[Reply]:
    """Send every order (its key beside it) over so many connections at once, each as soon as it is free."""
    return asyncio.run(_rush(address, iter(orders), connections))


async def _rush(address: str, orders: Iterator[tuple[str, dict[str, Any]]], connections: int) -> list[Reply]:
    found = await asyncio.gather(*(_buyer(address, orders) for _ in range(connections)))
    return [reply for replies in found for reply in replies]


async def _buyer(address: str, orders: Iterator[tuple[str, dict[str, Any]]]) -> list[Reply]:
    url = urlsplit(address)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    replies = []
    for key, wanted in orders:
        body = json.dumps(wanted).encode()
        head = (
            f"POST /api/preorders HTTP/1.1\r\nHost: {url.netloc}\r\nIdempotency-Key: {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        began = time.perf_counter()
        writer.write(head.encode() + body)
        status, answer = await _reply(reader)
        replies.append(Reply(status, json.loads(answer), began, time.perf_counter() - began))
    writer.close()
    return replies


async def _reply(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    status = int((await reader.readline()).split()[1])
    length = 0
    while (line := await reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return status, await reader.readexactly(length)
