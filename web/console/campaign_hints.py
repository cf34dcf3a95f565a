"""What a few more orders would change for an open campaign, in words."""

from typing import Any

from api.services import campaign_advice, campaigns
from api.services.campaign_advice import Hint
from web.console.desk import Desk
from web.reader import Reader


def hints(desk: Desk, offer: campaigns.Offer) -> dict[str, Any] | None:
    """The advice beside the number of its plan; None where there is no plan to set it against."""
    found = campaign_advice.of_campaign(desk.session, offer)
    if found is None:
        return None
    return {
        "plan": found.plan,
        "plan_href": f"/console/plans/{found.plan}",
        "rows": [_row(desk.reader, hint) for hint in found.hints],
        "currency": offer.campaign.currency,
    }


def _row(reader: Reader, hint: Hint) -> dict[str, Any]:
    return {
        "kind": hint.kind,
        "pieces": hint.pieces,
        "words": _words(reader, hint),
        "where": _where(reader, hint),
        "brings_minor": hint.brings_minor,
        "cost_minor": hint.cost_minor,
        "margin_minor": hint.margin_minor,
        "saving_minor": hint.unit_saving_minor,
    }


def _words(reader: Reader, hint: Hint) -> str:
    if hint.kind == "tier":
        return reader.gettext("to the next price of a factory")
    if hint.kind == "slot":
        return reader.gettext("fit without another set-up")
    if hint.item is None:
        return reader.gettext("to the minimum, in any colour")
    return reader.gettext("in %(colour)s to the minimum", colour=reader.colour(hint.item))


def _where(reader: Reader, hint: Hint) -> str:
    """The run that would grow, where it is one."""
    if hint.line is None or hint.week_on is None or hint.item is None:
        return ""
    return reader.gettext(
        "%(colour)s on %(line)s in the week of %(week)s",
        colour=reader.colour(hint.item),
        line=hint.line,
        week=reader.spoken.short_day(hint.week_on),
    )
