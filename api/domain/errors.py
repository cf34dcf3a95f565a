"""Refusals of the business: facts as attributes, a stable code, one sentence a person can act on."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar


@dataclass(eq=False)
class Refusal(Exception):
    """The business says no. Each family below becomes one HTTP status at the edge (`api/app.py`)."""

    code: ClassVar[str] = "refusal"

    def __post_init__(self) -> None:
        super().__init__(str(self))

    def facts(self) -> dict[str, Any]:
        """What was refused, by name: goes into the answer and the log."""
        return dict(vars(self))


class NotFound(Refusal):
    """Nothing here answers to that name."""


class Forbidden(Refusal):
    """The caller has no right to this."""


class Conflict(Refusal):
    """The request is sound, the present state forbids it."""


class Rejected(Refusal):
    """The request itself is wrong; `fields` says where."""

    @property
    def fields(self) -> list[dict[str, Any]]:
        """Each wrong field as `{"field", "value", "detail"}`."""
        return []


@dataclass(eq=False)
class Unknown(NotFound):
    """No such thing."""

    code = "unknown"
    noun: str
    name: str

    def __str__(self) -> str:
        return f"There is no {self.noun} {self.name!r}."


@dataclass(eq=False)
class NotSignedIn(Forbidden):
    """The page needs a signed-in member."""

    code = "not_signed_in"

    def __str__(self) -> str:
        return "Please sign in first."


@dataclass(eq=False)
class RoleMissing(Forbidden):
    """The member's role does not carry this right."""

    code = "role_missing"
    right: str
    role: str

    def __str__(self) -> str:
        return f"The role {self.role} may not {self.right}."


@dataclass(eq=False)
class LinkNotValid(Forbidden):
    """A signed link was altered or is not ours."""

    code = "link_not_valid"

    def __str__(self) -> str:
        return "This link is not complete. Open the link from your confirmation again."


@dataclass(eq=False)
class SignatureNotValid(Forbidden):
    """A webhook does not carry the provider's signature."""

    code = "signature_not_valid"
    provider: str

    def __str__(self) -> str:
        return f"The signature of this {self.provider} event does not match."


@dataclass(eq=False)
class IllegalMove(Conflict):
    """A state machine was asked for a step that its diagram does not have."""

    code = "illegal_move"
    noun: str
    name: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"The {self.noun} {self.name} is {self.before}: it cannot become {self.after}."


@dataclass(eq=False)
class CampaignNotOpen(Conflict):
    """Pre-orders are taken while a campaign is open, and at no other moment."""

    code = "campaign_not_open"
    campaign: str
    status: str
    opens_at: datetime
    closes_at: datetime

    def __str__(self) -> str:
        return (
            f"The campaign {self.campaign} takes no pre-orders now ({self.status}; open from "
            f"{self.opens_at:%Y-%m-%d %H:%M} to {self.closes_at:%Y-%m-%d %H:%M} UTC)."
        )


@dataclass(eq=False)
class CampaignFull(Conflict):
    """A campaign with a cap has not so many places left."""

    code = "campaign_full"
    campaign: str
    pieces: int
    room: int

    def __str__(self) -> str:
        left = f"only {self.room} pieces are left" if self.room else "every piece is taken"
        return f"The campaign {self.campaign} is full: {left}. You can join its waiting list."


@dataclass(eq=False)
class CampaignNotFull(Conflict):
    """Nobody needs to wait for pieces that are there."""

    code = "campaign_not_full"
    campaign: str
    room: int | None

    def __str__(self) -> str:
        return f"The campaign {self.campaign} has room: order now."


@dataclass(eq=False)
class AboveLimit(Forbidden):
    """A decision costs more than the team may spend without asking."""

    code = "above_limit"
    cost_minor: int
    limit_minor: int
    currency: str

    def __str__(self) -> str:
        cost, limit = self.cost_minor / 100, self.limit_minor / 100
        return f"It costs {cost:.2f} {self.currency}; the team may spend {limit:.2f} without asking a buyer."


@dataclass(eq=False)
class NothingToPay(Conflict):
    """The buyer owes nothing at this moment."""

    code = "nothing_to_pay"
    preorder: str

    def __str__(self) -> str:
        return f"There is nothing to pay for {self.preorder} now."


@dataclass(eq=False)
class DelayAnswered(Conflict):
    """A notice of delay was answered before, or its time is over."""

    code = "delay_answered"
    status: str

    def __str__(self) -> str:
        return f"This delay is {self.status}: there is nothing to answer any more."


@dataclass(eq=False)
class NoRightToStepBack(Conflict):
    """Neither law nor terms let this buyer cancel now."""

    code = "no_right_to_step_back"
    preorder: str
    reason: str

    def __str__(self) -> str:
        return f"{self.preorder} cannot be cancelled now ({self.reason.replace('_', ' ')})."


@dataclass(eq=False)
class AmountChanged(Conflict):
    """What goes back is not what was shown when the buyer confirmed."""

    code = "amount_changed"
    shown_minor: int
    back_minor: int
    currency: str

    def __str__(self) -> str:
        now = self.back_minor / 100
        return f"What goes back has changed and is now {now:.2f} {self.currency}: look again, then confirm."


@dataclass(eq=False)
class ChangeTooLate(Conflict):
    """Size, colour and address may be changed until the cut-off."""

    code = "change_too_late"
    preorder: str

    def __str__(self) -> str:
        return f"{self.preorder} can no longer be changed: its campaign has closed."


@dataclass(eq=False)
class ExtendedBefore(Conflict):
    """A campaign may be extended once."""

    code = "extended_before"
    campaign: str

    def __str__(self) -> str:
        return f"The campaign {self.campaign} was extended before; once is all its buyers were told."


@dataclass(eq=False)
class KeyReused(Conflict):
    """An idempotency key came back with another request."""

    code = "idempotency_key_reused"
    key: str
    differences: list[str]

    def __str__(self) -> str:
        fields = ", ".join(self.differences)
        return f"The Idempotency-Key {self.key!r} was used for another request; it differs in {fields}."


@dataclass(eq=False)
class PlanOutdated(Conflict):
    """Another plan was approved, or demand changed, after this one was made."""

    code = "plan_outdated"
    plan: str
    why: str

    def __str__(self) -> str:
        return f"The plan {self.plan} is no longer up to date: {self.why}. Make a new one."


@dataclass(eq=False)
class PlanWeighsProposal(Conflict):
    """A plan that weighs a factory's proposal is decided with it."""

    code = "plan_weighs_proposal"
    plan: str
    run: str

    def __str__(self) -> str:
        return f"The plan {self.plan} weighs the factory's proposal for {self.run}: answer it there."


@dataclass(eq=False)
class NoProposal(Conflict):
    """No proposal of the factory waits for this run."""

    code = "no_proposal"
    run: str

    def __str__(self) -> str:
        return f"No proposal of the factory waits for {self.run}."


@dataclass(eq=False)
class NotDecidable(Conflict):
    """A difference with the ERP is settled, or cannot be settled in this way."""

    code = "drift_not_decidable"
    reference: str
    kind: str
    status: str
    decision: str

    def __str__(self) -> str:
        what = f"The difference ({self.kind}) of {self.reference} is {self.status}"
        return f"{what}: one cannot {self.decision} it."


@dataclass(eq=False)
class MergedWithOthers(Conflict):
    """An order in the ERP holds the pieces of another run too, so it cannot be withdrawn for one of them."""

    code = "merged_with_others"
    run: str

    def __str__(self) -> str:
        return (
            f"In the ERP the pieces of {self.run} stand in one order with another run's: take theirs first."
        )


@dataclass(eq=False)
class NothingToPlan(Conflict):
    """No confirmed pre-order line waits for a run."""

    code = "nothing_to_plan"

    def __str__(self) -> str:
        return "There is no confirmed pre-order waiting for a run."


@dataclass(eq=False)
class NothingToMakeIt(Conflict):
    """No production line can make so many pieces of a style within a year."""

    code = "nothing_to_make_it"
    style: str
    pieces: int

    def __str__(self) -> str:
        return f"No production line can make {self.pieces} pieces of {self.style} within a year."


@dataclass(eq=False)
class InvalidRequest(Rejected):
    """Fields of a request that cannot be what they say."""

    code = "invalid_request"
    problems: list[dict[str, Any]] = field(default_factory=list)

    @property
    def fields(self) -> list[dict[str, Any]]:
        return self.problems

    def __str__(self) -> str:
        return "; ".join(f"{p['field']}: {p['detail']}" for p in self.problems)


def invalid(field_name: str, value: Any, detail: str) -> InvalidRequest:
    """A refusal of one field, with the value that was sent."""
    return InvalidRequest([{"field": field_name, "value": value, "detail": detail}])
