"""What the needs-you list says: one sentence for each thing that waits for a person."""

from datetime import date

from api.domain.channel import ChannelStatus
from api.domain.drift import DriftKind
from api.domain.need import Need, NeedKind
from api.domain.orderbook import FlagKind
from api.domain.payment_exception import ExceptionKind
from api.domain.production import OrderChannel
from web.console import drift, exceptions
from web.reader import Reader

_LONGEST_ERROR = 160


def what(reader: Reader, need: Need) -> str:  # noqa: C901, PLR0911, PLR0912 - a sentence for each kind
    """One sentence on this need."""
    say = reader.gettext
    facts = {k: reader.spoken.number(v) if isinstance(v, int) else v for k, v in need.facts.items()}
    title = reader.title(need.style) if need.style else need.name
    match need.kind:
        case NeedKind.PARKED:
            error = str(facts["error"])[:_LONGEST_ERROR]
            return f"{facts['topic']} {need.name}: {error}"
        case NeedKind.PLAN:
            return reader.ngettext(
                "Plan %(name)s is ready with %(count)s run.",
                "Plan %(name)s is ready with %(count)s runs.",
                _count(need, "runs"),
                name=need.name,
            )
        case NeedKind.UNPLANNED:
            return reader.ngettext(
                "%(count)s confirmed piece waits for a plan.",
                "%(count)s confirmed pieces wait for a plan.",
                _count(need, "pieces"),
            )
        case NeedKind.CLOSING:
            return say(
                "%(title)s lacks %(missing)s of %(minimum)s pieces and closes soon.", title=title, **facts
            )
        case NeedKind.LATE:
            return _late(reader, need, title)
        case NeedKind.SHORT:
            return _short(reader, need)
        case NeedKind.DRIFT:
            theirs = drift.value(reader, DriftKind(str(need.facts["kind"])), str(need.facts["theirs"]))
            part = f" {need.facts['part']}" if need.facts["part"] else ""
            return say(
                "Run %(name)s stands otherwise in the ERP:%(part)s %(theirs)s.",
                name=need.name,
                part=part,
                theirs=theirs,
            )
        case NeedKind.PROPOSAL:
            return _proposal(reader, need)
        case NeedKind.FLAG:
            return _flag(reader, need)
        case NeedKind.CHANNEL:
            return _channel(reader, need)
        case NeedKind.EXCEPTION:
            happened = exceptions.what_happened(reader, ExceptionKind(str(need.facts["kind"])))
            return f"{need.name} {happened}".strip()
        case NeedKind.RESCUE:
            cost = reader.spoken.money(int(need.facts["cost_minor"]), need.currency)
            return say(
                "%(title)s is too small as it stands; saving it costs %(cost)s.", title=title, cost=cost
            )
        case NeedKind.BALANCES:
            return reader.ngettext(
                "%(title)s waits for the balance of %(count)s pre-order.",
                "%(title)s waits for the balances of %(count)s pre-orders.",
                _count(need, "preorders"),
                title=title,
            )


def _count(need: Need, fact: str) -> int:
    return int(need.facts[fact])


def _late(reader: Reader, need: Need, title: str) -> str:
    return reader.gettext(
        "%(title)s: %(orders)s up to %(days)s after the promise.",
        title=title,
        orders=reader.ngettext(
            "%(count)s pre-order arrives", "%(count)s pre-orders arrive", _count(need, "preorders")
        ),
        days=reader.ngettext("%(count)s day", "%(count)s days", _count(need, "days")),
    )


def _short(reader: Reader, need: Need) -> str:
    return reader.gettext(
        "Run %(name)s ended %(pieces)s short: refund or recut for %(orders)s.",
        name=need.name,
        pieces=reader.ngettext("%(count)s piece", "%(count)s pieces", _count(need, "missing")),
        orders=reader.ngettext("%(count)s pre-order", "%(count)s pre-orders", _count(need, "preorders")),
    )


def _proposal(reader: Reader, need: Need) -> str:
    facts = {"factory": need.facts["factory"], "name": need.name}
    if not need.facts["weighed"]:
        return reader.gettext(
            "%(factory)s proposes other terms for %(name)s; the planner weighs them.", **facts
        )
    later = need.facts["later"]
    if later:
        return reader.ngettext(
            "%(factory)s proposes other terms for %(name)s: %(count)s pre-order more would be late.",
            "%(factory)s proposes other terms for %(name)s: %(count)s pre-orders more would be late.",
            int(later),
            **facts,
        )
    return reader.gettext(
        "%(factory)s proposes other terms for %(name)s: no pre-order more would be late.", **facts
    )


def _flag(reader: Reader, need: Need) -> str:
    facts = {
        "factory": need.facts["factory"],
        "name": need.name,
        "day": reader.spoken.day(date.fromisoformat(str(need.facts["on"]))),
        "words": need.facts["words"],
    }
    if need.facts["kind"] == FlagKind.SHORT:
        return reader.gettext("%(factory)s: %(name)s will be short, on %(day)s. %(words)s", **facts)
    return reader.gettext("%(factory)s: %(name)s will be late, on %(day)s. %(words)s", **facts)


def _channel(reader: Reader, need: Need) -> str:
    channel = {
        OrderChannel.ERP: reader.gettext("ERP"),
        OrderChannel.DROP_FOLDER: reader.gettext("Drop folder"),
        OrderChannel.ORDER_BOOK: reader.gettext("Order book"),
    }[OrderChannel(need.name)]
    words = str(need.facts["words"])[:_LONGEST_ERROR]
    if need.facts["status"] == ChannelStatus.SILENT:
        return reader.gettext("%(channel)s does not answer. %(words)s", channel=channel, words=words)
    if need.facts["status"] == ChannelStatus.REFUSES:
        return reader.gettext("%(channel)s refuses us. %(words)s", channel=channel, words=words)
    return reader.gettext("%(channel)s sent what cannot be read. %(words)s", channel=channel, words=words)
