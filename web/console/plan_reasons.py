"""The reason beside each item that is late, short or not made, and the smallest change that frees it."""

from datetime import timedelta
from typing import Any

from api.domain.money import CURRENCY
from api.domain.plan import Plan
from api.services.plan_reading import Reason
from web.reader import Reader

_HOUR = 3600
_METRE = 100  # of the centimetres in which cloth is planned
_FOLLOWS = ("item", "style")  # the change stands with the colour or style that these follow from


def anchor(reason: Reason) -> str:
    """Where the page tells of the item."""
    return f"why-{(reason.item or reason.style).code}"


def explained(reader: Reader, plan: Plan, reason: Reason) -> dict[str, Any]:
    """What it is about, why, and what would free it; ``verified`` says whether that was tried out."""
    named = [reader.title(reason.style)]
    named += [reader.colour(reason.item)] if reason.item else []
    named += [" ".join(sku.size for sku in reason.skus)] if reason.skus else []
    needs = "" if reason.rule in _FOLLOWS else _would_help(reader, plan, reason)
    return {
        "what": ", ".join(named),
        "pieces": reason.pieces,
        "kind": reason.kind,
        "text": _why(reader, plan, reason),
        "needs": needs,
        "verified": bool(needs and reason.facts.get("verified")),
    }


def _why(reader: Reader, plan: Plan, reason: Reason) -> str:  # noqa: C901, PLR0911, PLR0912 - a sentence for each rule
    """The planner's rule that binds, in words."""
    say, facts = reader.gettext, reason.facts
    match reason.rule:
        case "campaign minimum" | "item minimum":
            return say(
                "It reaches at most %(reach)s pieces; the minimum is %(minimum)s.",
                reach=facts["reach"],
                minimum=facts["minimum"],
            )
        case "minimum":
            return say("It is too few for a minimum or for the smallest run of a line.")
        case "style":
            return say("The style is not made.")
        case "item":
            return say("This colour is not made.")
        case "no way":
            return say("No production line and cloth for it come together.")
        case "released":
            return say("It is in a run that is released already.")
        case "search":
            return say("The search had not come to it.")
        case "date" if "earliest_day" in facts:
            due, earliest = (
                reader.spoken.day(plan.day_zero + timedelta(days=int(facts[day])))
                for day in ("due_day", "earliest_day")
            )
            return say(
                "Promised by %(due)s; the earliest it could arrive is %(earliest)s.",
                due=due,
                earliest=earliest,
            )
        case "date":
            return say("Beside everything else planned it cannot be there in time.")
        case "fabric" if "units" in facts:
            return say(
                "%(metres)s m less of the cloth %(fabric)s can be had than is wanted.",
                metres=-(-int(facts["units"]) // _METRE),
                fabric=_cloth(reader, reason),
            )
        case "fabric":
            return say("There is too little of its cloth in time.")
        case "line time":
            return say("No production line that could deliver in time has time left.")
        case _:
            return say("The plan found is cheaper so.")


def _would_help(reader: Reader, plan: Plan, reason: Reason) -> str:
    """The smallest change that frees it; of a minimum also where it was not tried out."""
    if reason.facts.get("verified"):
        return _price(reader, reason) or _change(reader, plan, reason)
    if reason.rule in ("campaign minimum", "item minimum"):
        return reader.gettext("%(pieces)s more pieces would do.", pieces=reason.facts["pieces"])
    return ""


def _price(reader: Reader, reason: Reason) -> str:
    """What it would cost, or save, where nothing forbids it; "" for a change of the problem."""
    facts, say, money = reason.facts, reader.gettext, reader.spoken.money
    if facts["change"] == "none":
        return say(
            "Planned anew it would be, and %(saves)s be saved.", saves=money(int(facts["saves"]), CURRENCY)
        )
    if facts["change"] != "cost":
        return ""
    price = money(int(facts["amount"]), CURRENCY)
    if facts.get("displaces"):
        return say(
            "Whole and in time it would cost %(price)s more than it brings, and take %(pieces)s pieces from"
            " other buyers.",
            price=price,
            pieces=facts["displaces"],
        )
    if "unit_cost" not in facts:
        return say("Whole and in time it would cost %(price)s more than it brings.", price=price)
    return say(
        "It would cost %(price)s more than it brings; %(unit)s more a piece would pay for it.",
        price=price,
        unit=money(int(facts["unit_cost"]), CURRENCY),
    )


def _change(reader: Reader, plan: Plan, reason: Reason) -> str:
    say, facts, amount = reader.gettext, reason.facts, int(reason.facts["amount"])
    if facts["change"] == "pieces" and reason.more_of and reason.more_of is not reason.item:
        colour = reader.colour(reason.more_of)
        return say("%(pieces)s more pieces in %(colour)s would do.", pieces=amount, colour=colour)
    if facts["change"] == "pieces":
        return say("%(pieces)s more pieces would do.", pieces=amount)
    if facts["change"] == "days":
        return say("A promise %(days)s days later would do.", days=amount)
    monday = plan.day_zero + timedelta(weeks=int(facts["bucket"]))
    if facts["change"] == "line time":
        return say(
            "%(hours)s hours more on %(line)s in the week of %(week)s would do.",
            hours=reader.spoken.number(amount / _HOUR),
            line=facts["line"],
            week=reader.spoken.short_day(monday),
        )
    return say(
        "%(metres)s m more of the cloth %(fabric)s by the week of %(week)s would do.",
        metres=-(-amount // _METRE),
        fabric=_cloth(reader, reason),
        week=reader.spoken.short_day(monday),
    )


def _cloth(reader: Reader, reason: Reason) -> str:
    return reader.cloth(reason.cloth) if reason.cloth else str(reason.facts["fabric"])
