"""What can be watched, in the text format of Prometheus, from the database so that all processes agree."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from api.domain.channel import ChannelStatus
from api.domain.drift import LIVE, Drift
from api.domain.outbox import Heartbeat
from api.domain.plan import Run
from api.services import channels, master_data, outbox

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[dict[str, str], float]


@dataclass(frozen=True, slots=True)
class Metric:
    """One name with what it means and its value for each set of labels."""

    name: str
    kind: str
    """gauge or counter."""
    means: str
    samples: tuple[Sample, ...]

    def lines(self) -> Iterator[str]:
        """As Prometheus reads it."""
        yield f"# HELP counterflow_{self.name} {self.means}"
        yield f"# TYPE counterflow_{self.name} {self.kind}"
        for labels, value in self.samples:
            yield f"counterflow_{self.name}{_labels(labels)} {value:.15g}"


def text(session: Session, *, at: datetime) -> str:
    """All metrics, one sample a line."""
    return "".join(f"{line}\n" for metric in _metrics(session, at) for line in metric.lines())


def _metrics(session: Session, at: datetime) -> Iterator[Metric]:
    yield from _queue(session, at)
    yield from _channels(session, at)
    released = select(Run.channel, func.count()).where(col(Run.channel).is_not(None)).group_by(Run.channel)
    yield Metric(
        "orders_released_total",
        "counter",
        "Runs whose orders stand with their factory.",
        tuple(({"channel": channel or ""}, count) for channel, count in session.exec(released)),
    )
    drifting = select(Drift.kind, func.count()).where(col(Drift.status).in_(LIVE)).group_by(Drift.kind)
    yield Metric(
        "drift_rows",
        "gauge",
        "Differences between what we released and what the ERP holds.",
        tuple(({"kind": str(kind)}, count) for kind, count in session.exec(drifting)),
    )
    heartbeats = ((each.part, each.at) for each in session.exec(select(Heartbeat)))
    yield Metric(
        "part_silent_seconds",
        "gauge",
        "Time since a part that answers no requests was last at work.",
        tuple(({"part": part}, (at - seen).total_seconds()) for part, seen in heartbeats),
    )


def _queue(session: Session, at: datetime) -> Iterator[Metric]:
    topics = outbox.by_topic(session)
    yield Metric(
        "queue_messages",
        "gauge",
        "Outbox messages not done, by what they wait for: their turn, or a person.",
        tuple(
            ({"topic": each.topic, "state": state}, count)
            for each in topics
            for state, count in (("waiting", each.waiting), ("parked", each.parked))
        ),
    )
    yield Metric(
        "queue_oldest_seconds",
        "gauge",
        "Age of the oldest outbox message not done.",
        tuple(({"topic": each.topic}, (at - each.oldest_at).total_seconds()) for each in topics),
    )
    yield Metric(
        "queue_retries",
        "gauge",
        "Tries after the first of the outbox messages not done.",
        tuple(({"topic": each.topic}, each.retries) for each in topics),
    )


def _channels(session: Session, at: datetime) -> Iterator[Metric]:
    held = {channel.value: state for channel, state in channels.states(session).items() if state}
    yield Metric(
        "channel_up",
        "gauge",
        "Whether a channel answered when it was last asked.",
        tuple(({"channel": name}, state.status == ChannelStatus.ANSWERS) for name, state in held.items()),
    )
    yield Metric(
        "channel_state_seconds",
        "gauge",
        "Time since a channel began to answer, or ceased to.",
        tuple(({"channel": name}, (at - state.since).total_seconds()) for name, state in held.items()),
    )
    yield Metric(
        "channel_notices",
        "gauge",
        "What a channel sent that cannot be read.",
        tuple(({"channel": name}, len(state.notices)) for name, state in held.items()),
    )
    yield Metric(
        "master_records",
        "gauge",
        "Codes of ours as a channel held them when its catalogue was last read.",
        tuple(
            ({"channel": name, "trouble": trouble or "none"}, count)
            for (name, trouble), count in sorted(master_data.counts(session).items())
        ),
    )


def _labels(labels: dict[str, str]) -> str:
    return f"{{{','.join(_label(*each) for each in labels.items())}}}" if labels else ""


def _label(name: str, value: str) -> str:
    escaped = value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return f'{name}="{escaped}"'
