"""The drift desk's errands: look at what the ERP holds, and tell it where ours is kept."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

import erp_bridge
from api.db import transaction
from api.domain.drift import DriftKind
from api.domain.production import OrderChannel
from api.services import channels, drift, drift_answers, drift_decisions, outbox
from erp_bridge.holdings import Held, Holder
from workers.app import app
from workers.gateways import gateway
from workers.outbox import NobodyThere, handles, now

log = structlog.get_logger()

LOOKS_BETWEEN_FULL_ONES = 60


@dataclass(slots=True)
class _Seen:
    """Up to where this process has heard of changes, and how many looks ago it compared everything."""

    references: frozenset[str] = frozenset()
    watermark: str = ""
    looks: int = 0


_seen = _Seen()


@app.task(name="erp.find_drift")
def find_drift() -> None:
    """Compare what we released with what the ERP holds, then let the rules speak.

    A fresh process compares everything, and so does every sixtieth look: the changes between that left no
    date behind are found then at the latest.
    """
    if OrderChannel.ERP in channels.there():
        try:
            look(full=_seen.looks % LOOKS_BETWEEN_FULL_ONES == 0)
        except erp_bridge.ErpError as error:
            log.warning("no look at the ERP", error=str(error))
    with transaction() as session:
        for taken in drift_decisions.follow_rules(session, at=now()):
            log.info("difference taken by a rule", run=taken.reference, kind=taken.kind.value)


def look(*, full: bool) -> None:
    """One look at what the ERP holds: of everything, or of what changed or is gone since the last."""
    looked_at = now()
    with transaction() as session:
        orders = drift.orders(session)
    there = gateway(OrderChannel.ERP)
    if not isinstance(there, Holder):
        return
    known = [order for order in orders if order.reference in _seen.references]
    new = [order for order in orders if order.reference not in _seen.references]
    if full:
        known, new = [], orders
    looks: list[Held] = []
    if known:
        looks.append(there.holdings(known, _seen.watermark))
    if new:
        looks.append(there.holdings(new))
    with transaction() as session:
        holdings = [holding for held in looks for holding in held.holdings]
        found = drift.note(session, holdings, looked_at=looked_at, at=now())
        waiting = [(each.reference, each.kind.value) for each in found]
    _seen.references = frozenset(order.reference for order in orders)
    # The older of the two: seeing a change twice does no harm.
    _seen.watermark = min((held.watermark for held in looks if held.watermark), default=_seen.watermark)
    _seen.looks += 1
    if waiting:
        log.info("differences wait for a person", differences=waiting)


@handles(drift_answers.KEEP_OURS, outbox.Terms(lease=timedelta(minutes=2), at_once=2))
def keep_ours(drift_id: str, withdrawn: str) -> None:
    """Tell the ERP that ours holds, once in effect; where it refuses, its words go back to the desk."""
    with transaction() as session:
        answer = drift_answers.to_send(session, UUID(drift_id), withdrawn=withdrawn)
    if answer is None:
        return
    try:
        documents = _tell(answer)
    except erp_bridge.ErpUnavailable as error:
        raise NobodyThere(str(error)) from error
    except erp_bridge.ErpRejected as error:
        log.warning("the ERP refuses ours", run=answer.order.reference, error=str(error))
        with transaction() as session:
            drift_answers.refused(session, UUID(drift_id), withdrawn=withdrawn, words=str(error), at=now())
        return
    with transaction() as session:
        drift_answers.sent(session, UUID(drift_id), documents, at=now())


def _tell(answer: drift_answers.Answer) -> tuple[str, ...]:
    """The documents the order stands in now, or none where they stay what they were."""
    there, order = gateway(OrderChannel.ERP), answer.order
    if answer.kind == DriftKind.UNKNOWN:
        if isinstance(there, Holder):
            there.withdraw(order.reference, answer.part, reason=answer.reason)
        return ()
    if answer.kind == DriftKind.DATE:
        there.reschedule(order.reference, start_at=order.start_at, finish_at=order.finish_at)
        return ()
    if answer.withdrawn:
        there.cancel(answer.withdrawn, reason=answer.reason)
    pushed = there.push([order])[order.reference]
    if isinstance(pushed, erp_bridge.ErpRejected):
        raise pushed
    return pushed.documents
