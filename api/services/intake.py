"""Taking pre-orders: one, or all that came while the last ones were written, in one transaction.

Grouping is what makes the intake fast: the price of the moment, the SKUs on offer, the numbers and the
commit are paid once for a group. Each wish has an answer of its own; a refused one spoils no other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session, col, select

from api.domain.campaign import Campaign
from api.domain.catalogue import Item, Sku
from api.domain.errors import InvalidRequest, Refusal, Unknown, invalid
from api.domain.idempotency import IdempotencyRecord, check_key
from api.domain.payment import PaymentTerms
from api.domain.preorder import (
    PREORDER_NUMBERS,
    Preorder,
    PreorderCreate,
    PreorderLine,
    PreorderLineCreate,
    PreorderLineRead,
    PreorderRead,
)
from api.domain.waiting import WaitingEntry
from api.services import campaigns, groups, numbers, payments, places, preorders, waiting
from api.services.preorders import CONSUMER

MOST_AT_ONCE = 200
_LOCK_KEYS = text("SELECT pg_advisory_xact_lock(hashtextextended(k, 0)) FROM unnest(CAST(:keys AS text[])) k")


@dataclass(frozen=True, slots=True)
class Wish:
    """A pre-order somebody wants, under the key that makes it one however often it comes."""

    key: str
    request: PreorderCreate
    at: datetime


Answer = dict[str, Any] | Refusal
"""A `PreorderRead` as JSON, or why not."""


def place(session: Session, request: PreorderCreate, *, at: datetime) -> Preorder:
    """Take one pre-order and ask for its first payment at the price of this moment.

    Paid pieces only grow while a campaign is open, so the close settles at this price or below it and gives
    the difference back.

    Raises Unknown, CampaignNotOpen, CampaignFull, or InvalidRequest naming each wrong field.
    """
    (placed,) = _place(session, [Wish("", request, at)])
    if isinstance(placed, Refusal):
        raise placed
    return placed.preorder


def take(session: Session, wishes: Sequence[Wish]) -> list[Answer]:
    """Answer each wish, in their order; the same key gets the first answer ever after, or KeyReused.

    Twins in other transactions wait for this one, twins in this group get one answer.
    """
    asked = {index: wish.request.model_dump(mode="json") for index, wish in enumerate(wishes)}
    answers: dict[int, Answer] = {}
    for index, wish in enumerate(wishes):
        try:
            check_key(wish.key)
        except InvalidRequest as refusal:
            answers[index] = refusal
    known = _known(session, sorted({wish.key for i, wish in enumerate(wishes) if i not in answers}))
    first: dict[str, int] = {}
    for index, wish in enumerate(wishes):
        if index not in answers and wish.key not in known:
            first.setdefault(wish.key, index)
    fresh = [*first.values()]
    for index, placed in zip(fresh, _place(session, [wishes[i] for i in fresh]), strict=True):
        if isinstance(placed, Refusal):
            answers[index] = placed
            continue
        wish = wishes[index]
        known[wish.key] = IdempotencyRecord(
            key=wish.key, request=asked[index], answer=placed.read(), recorded_at=wish.at
        )
        session.add(known[wish.key])
    for index, wish in enumerate(wishes):
        if index not in answers:
            answers[index] = _repeat(known.get(wish.key), asked[index]) or answers[first[wish.key]]
    session.flush()
    return [answers[index] for index in range(len(wishes))]


def _known(session: Session, keys: Sequence[str]) -> dict[str, IdempotencyRecord]:
    """What was answered under these keys before; whoever comes with one of them waits for us."""
    if not keys:
        return {}
    session.execute(_LOCK_KEYS, {"keys": [*keys]})
    records = session.exec(select(IdempotencyRecord).where(col(IdempotencyRecord.key).in_(keys)))
    return {record.key: record for record in records}


def _repeat(record: IdempotencyRecord | None, asked: dict[str, Any]) -> Answer | None:
    try:
        return record.answer_to(asked) if record else None
    except Refusal as refusal:
        return refusal


@dataclass(frozen=True, slots=True)
class _Placed:
    """A pre-order just taken, with all that its answer says."""

    preorder: Preorder
    campaign: Campaign
    rows: tuple[PreorderLine, ...]
    lines: tuple[PreorderLineRead, ...]
    group: str | None

    @property
    def pieces(self) -> int:
        return sum(line.quantity for line in self.lines)

    def read(self) -> dict[str, Any]:
        link, preorder = preorders.link(self.preorder), self.preorder
        read = PreorderRead(
            **preorder.model_dump(include=set(PreorderRead.model_fields) & set(Preorder.model_fields)),
            campaign=self.campaign.slug,
            lines=list(self.lines),
            pieces=self.pieces,
            group=self.group,
            open_minor=payments.due_at_once(preorder, self.pieces),
            total_minor=preorder.price_minor * self.pieces,
            paid_minor=0,
            refunded_minor=0,
            settled_price_minor=None,
            link=link,
            pay_link=f"{link}/pay",
        )
        return read.model_dump(mode="json")


@dataclass(slots=True)
class _Counter:
    """An open campaign, locked, with what is the same for everyone who orders now."""

    campaign: Campaign
    skus: Mapping[str, tuple[Sku, Item]]
    paid_pieces: int


def _place(session: Session, wishes: Sequence[Wish]) -> list[_Placed | Refusal]:
    """Take the wishes one after the other; refusals come back as such."""
    counters = _open_counters(session, {wish.request.campaign for wish in wishes})
    fresh = iter(numbers.draw(session, PREORDER_NUMBERS, len(wishes)) if wishes else ())
    answers: list[_Placed | Refusal] = []
    for wish in wishes:
        try:
            answers.append(_place_one(session, wish, counters, fresh))
        except Refusal as refusal:
            answers.append(refusal)
    placed = [one for one in answers if isinstance(one, _Placed)]
    session.add_all(one.preorder for one in placed)
    session.flush()  # before what points at them
    session.add_all(row for one in placed for row in one.rows)
    for one in placed:
        payments.first_charge(session, one.preorder, one.pieces, at=one.preorder.placed_at)
    session.flush()
    return answers


def _open_counters(session: Session, slugs: set[str]) -> dict[str, _Counter]:
    """The campaigns, locked in the order of their slugs.

    Placements share the lock, so they do not wait for each other; the close waits for them and they for the
    close. Where places are counted they take turns.
    """
    counters = {}
    for slug in sorted(slugs):
        campaign = session.exec(
            select(Campaign).where(Campaign.slug == slug).with_for_update(read=True, key_share=False)
        ).first()
        if campaign is None:
            continue
        if campaign.counts_places:
            campaign = campaigns.get_for_update(session, campaign.id)
        rows = session.exec(
            select(Sku, Item)
            .join(Item, col(Item.id) == Sku.item_id)
            .where(Item.style_id == campaign.style_id)
        )
        skus = {sku.code: (sku, item) for sku, item in rows}
        counters[slug] = _Counter(campaign, skus, campaigns.paid_pieces(session, campaign.id))
    return counters


def _place_one(
    session: Session, wish: Wish, counters: Mapping[str, _Counter], fresh: Iterator[str]
) -> _Placed:
    request, at = wish.request, wish.at
    counter = counters.get(request.campaign)
    if counter is None:
        raise Unknown("campaign", request.campaign)
    campaign = counter.campaign
    campaign.accept(at=at)
    chosen = _chosen(counter, request.lines)
    terms = _terms(campaign, request)
    group_id = groups.of_request(session, campaign, request.group, at=at)
    if request.offer is not None:
        _take_up(session, request, campaign, chosen[0][0], at)
    pieces = sum(line.quantity for line in request.lines)
    before = places.take(session, campaign, pieces) if campaign.counts_places else 0
    preorder = _preorder(request, counter, next(fresh), before, at)
    preorder.terms, preorder.group_id = terms, group_id
    preorder.deposit_minor = campaign.deposit_minor or 0 if terms == PaymentTerms.DEPOSIT else 0
    preorder.begin(by=CONSUMER, at=at, why="placed")
    pairs = [*zip(request.lines, chosen, strict=True)]
    return _Placed(
        preorder,
        campaign,
        tuple(_line(preorder.id, line, sku) for line, (sku, _) in pairs),
        tuple(sorted((_shown(line, *of) for line, of in pairs), key=lambda line: line.sku)),
        groups.code_of(session, preorder),
    )


def _preorder(
    request: PreorderCreate, counter: _Counter, number: str, taken_before: int, at: datetime
) -> Preorder:
    campaign = counter.campaign
    promise_from_on, promise_by_on = campaign.promise(taken_before)
    return Preorder(
        id=uuid4(),
        number=number,
        campaign_id=campaign.id,
        buyer_name=request.name,
        email=request.email,
        region=request.region,
        address=request.address,
        language=request.language,
        placed_at=at,
        pay_until=at + places.PAY_WITHIN if campaign.cap_pieces is not None else None,
        price_minor=campaign.prices.price(counter.paid_pieces),
        currency=campaign.currency,
        promise_from_on=promise_from_on,
        promise_by_on=promise_by_on,
    )


def _chosen(counter: _Counter, lines: Sequence[PreorderLineCreate]) -> list[tuple[Sku, Item]]:
    problems, seen = [], set[str]()
    for index, line in enumerate(lines):
        if line.sku not in counter.skus:
            detail = f"is not offered in the campaign {counter.campaign.slug}"
            problems.append({"field": f"lines[{index}].sku", "value": line.sku, "detail": detail})
        elif line.sku in seen:
            problems.append({"field": f"lines[{index}].sku", "value": line.sku, "detail": "is named twice"})
        seen.add(line.sku)
    if problems:
        raise InvalidRequest(problems)
    return [counter.skus[line.sku] for line in lines]


def _terms(campaign: Campaign, request: PreorderCreate) -> PaymentTerms:
    terms = request.terms or PaymentTerms(campaign.terms[0])
    if terms not in campaign.terms:
        offered = ", ".join(campaign.terms)
        raise invalid("terms", terms.value, f"the campaign {campaign.slug} offers {offered}")
    return terms


def _take_up(session: Session, request: PreorderCreate, campaign: Campaign, sku: Sku, at: datetime) -> None:
    """An offer of the waiting list holds for the SKU and at most the pieces it was made for."""
    entry = session.get(WaitingEntry, request.offer, with_for_update=True)
    if entry is None or entry.campaign_id != campaign.id:
        raise Unknown("offer", str(request.offer))
    line = request.lines[0]
    if len(request.lines) > 1 or sku.id != entry.sku_id or line.quantity > entry.quantity:
        raise invalid("lines", line.sku, "is not what the offer was made for")
    waiting.take_up(entry, campaign, at=at)


def _line(preorder_id: UUID, wanted: PreorderLineCreate, sku: Sku) -> PreorderLine:
    consents = wanted.model_dump(include={"accept_other_colour", "only_colours", "accept_next_size"})
    return PreorderLine(preorder_id=preorder_id, sku_id=sku.id, quantity=wanted.quantity, **consents)


def _shown(wanted: PreorderLineCreate, sku: Sku, item: Item) -> PreorderLineRead:
    return PreorderLineRead(colour=item.colour, size=sku.size, **wanted.model_dump())
