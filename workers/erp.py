"""Orders out to factories, progress in from them; no transaction is open while the network is waited for."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog

import erp_bridge
from api.db import transaction
from api.domain.channel import ChannelStatus
from api.domain.production import OrderChannel
from api.services import channels, erp_sync, master_data, outbox
from workers.app import app
from workers.gateways import gateway
from workers.outbox import Answer, NeedsPerson, NobodyThere, Payload, handles_together, now

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A run that waits for its orders, as its factory's channel is told of it."""

    run_id: UUID
    order: erp_bridge.ErpOrder
    master_data: erp_bridge.MasterData


@handles_together("erp.push_run", outbox.Terms(lease=timedelta(minutes=2), at_once=50, batch=25))
def push_runs(payloads: Sequence[Payload]) -> Sequence[Answer]:
    """See to it that the orders of runs stand with their factories, once, however often this is called.

    A run that does not wait any more is done. One whose codes the channel does not hold as they must be is
    not sent: the task names them.
    """
    run_ids = [UUID(payload["run_id"]) for payload in payloads]
    answers: dict[UUID, Answer] = {}
    for channel, runs in _waiting(run_ids).items():
        stopped = _stopped(channel, runs)
        answers |= stopped
        if ready := [run for run in runs if run.run_id not in stopped]:
            answers |= _push(channel, ready)
    return [answers.get(run_id) for run_id in run_ids]


def _waiting(run_ids: Sequence[UUID]) -> dict[OrderChannel, list[_Wanted]]:
    wanted: dict[OrderChannel, list[_Wanted]] = defaultdict(list)
    with transaction() as session:
        for run_id in run_ids:
            if run := erp_sync.run_for_push(session, run_id):
                order, needed = erp_sync.erp_order(session, run), erp_sync.master_data(session, run)
                wanted[erp_sync.channel_of(session, run)].append(_Wanted(run_id, order, needed))
    return wanted


def _stopped(channel: OrderChannel, runs: Sequence[_Wanted]) -> dict[UUID, Answer]:
    """The runs that what was last read of the channel's catalogue forbids, with the codes at fault."""
    create = channels.may_create(channel)
    with transaction() as session:
        found = {
            run.run_id: master_data.obstacles(session, channel, run.order, may_create=create) for run in runs
        }
    return {run_id: NeedsPerson(words) for run_id, words in found.items() if words}


def _push(channel: OrderChannel, runs: Sequence[_Wanted]) -> dict[UUID, Answer]:
    """One conversation for all of the runs; the channel's refusal of a single one is that one's answer."""
    try:
        if channels.may_create(channel):
            gateway(channel).prepare(erp_bridge.MasterData.union(run.master_data for run in runs))
        pushed = gateway(channel).push([run.order for run in runs])
    except erp_bridge.ErpUnavailable as error:
        raise NobodyThere(str(error)) from error
    except erp_bridge.ErpRejected as error:
        raise NeedsPerson(str(error)) from error
    return {run.run_id: _noted(channel, run.run_id, pushed[run.order.reference]) for run in runs}


def _noted(
    channel: OrderChannel, run_id: UUID, answer: erp_bridge.ErpReference | erp_bridge.ErpRejected
) -> Answer:
    if isinstance(answer, erp_bridge.ErpRejected):
        with transaction() as session:  # it may be a code: look at once what is wrong there
            master_data.ask(session, channel, at=now())
        return NeedsPerson(str(answer))
    with transaction() as session:
        erp_sync.mark_released(session, run_id, answer, channel=channel, at=now())
    log.info("run released", run=answer.reference, channel=channel.value, created=answer.created)
    return None


@dataclass(slots=True)
class _Followed:
    """What this process has asked a channel about, and up to where it has heard of changes."""

    references: set[str] = field(default_factory=set)
    watermark: str = ""


_followed = {channel: _Followed() for channel in OrderChannel}


@app.task(name="erp.pull_progress")
def pull_progress() -> None:
    """Ask every channel what became of its runs; one that does not answer does not stop the others."""
    for channel in sorted(channels.there()):
        status, words, notices = ChannelStatus.ANSWERS, "", []
        try:
            notices = _pull(channel)
        except erp_bridge.ErpError as error:
            silent = isinstance(error, erp_bridge.ErpUnavailable)
            status, words = ChannelStatus.SILENT if silent else ChannelStatus.REFUSES, str(error)
            log.warning("no progress from channel", channel=channel.value, error=words)
        with transaction() as session:
            channels.note(session, channel, status, at=now(), words=words, notices=notices)


def _pull(channel: OrderChannel) -> list[str]:
    """Ask about all of a run the first time, then about changes; a fresh process asks about all.

    Gives what a person must see to; where there is nothing to ask about, that the channel answers.
    """
    with transaction() as session:
        references = set(erp_sync.unfinished(session, channel))
    if not references:
        gateway(channel).ping()
    known = _followed[channel]
    met, new = references & known.references, references - known.references
    changed = gateway(channel).pull(sorted(met), known.watermark) if met else None
    first = gateway(channel).pull(sorted(new)) if new else None
    for pulled in filter(None, (changed, first)):
        for progress in pulled.progress:
            with transaction() as session:
                erp_sync.apply(session, progress, at=now())
    # The older of the two watermarks: hearing of a change twice does no harm.
    heard = [pulled.watermark for pulled in (changed, first) if pulled]
    _followed[channel] = _Followed(references, min(heard, default=known.watermark))
    return sorted({notice for pulled in (changed, first) if pulled for notice in pulled.notices})
