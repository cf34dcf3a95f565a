from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from api.domain.errors import RoleMissing
from api.domain.types import Moment, one_of


class Role(StrEnum):
    """What a member of staff does here."""

    BUYER = "buyer"
    DEVELOPER = "developer"  # product developer
    DESIGNER = "designer"  # page designer
    STOCK = "stock"  # stock and order manager
    PLANNER = "planner"
    FINANCE = "finance"
    FACTORY = "factory"
    ADMIN = "admin"


class Right(StrEnum):
    """What a role may do; the words complete the sentence "may not …"."""

    SEE_CONSOLE = "see the console"
    PREPARE_CAMPAIGN = "prepare a campaign"
    CLOSE_CAMPAIGN = "close a campaign"
    MAKE_PLAN = "make a plan"
    APPROVE_PLAN = "approve a plan"
    SHIP = "ship pre-orders"
    RETRY_MESSAGE = "send a parked message again"
    ANSWER_FACTORY = "answer a factory"
    DECIDE_DRIFT = "decide a difference with the ERP"
    SETTLE_SHORT = "settle a short run"
    RESOLVE_EXCEPTION = "settle a payment exception"
    ACCEPT_RESCUE = "accept a rescue"
    EXTEND_CAMPAIGN = "extend a campaign"
    SPEND_ABOVE_LIMIT = "spend more than a team's limit"
    RECORD_CASH = "record cash"
    SEE_LEDGER = "see the ledger"
    VERIFY_AUDIT = "verify the audit"
    REPORT_PROGRESS = "report a factory's progress"


_TEAM = frozenset(
    {
        Right.SEE_CONSOLE,
        Right.PREPARE_CAMPAIGN,
        Right.CLOSE_CAMPAIGN,
        Right.ACCEPT_RESCUE,
        Right.EXTEND_CAMPAIGN,
    }
)
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.BUYER: _TEAM | {Right.SPEND_ABOVE_LIMIT, Right.SEE_LEDGER},
    Role.DEVELOPER: _TEAM,
    Role.DESIGNER: _TEAM,
    Role.STOCK: _TEAM
    | {
        Right.SHIP,
        Right.MAKE_PLAN,
        Right.ANSWER_FACTORY,
        Right.SETTLE_SHORT,
        Right.RESOLVE_EXCEPTION,
    },
    Role.FINANCE: frozenset(
        {Right.SEE_CONSOLE, Right.RESOLVE_EXCEPTION, Right.RECORD_CASH, Right.SEE_LEDGER, Right.VERIFY_AUDIT}
    ),
    Role.PLANNER: frozenset(
        {
            Right.SEE_CONSOLE,
            Right.MAKE_PLAN,
            Right.APPROVE_PLAN,
            Right.RETRY_MESSAGE,
            Right.ANSWER_FACTORY,
            Right.DECIDE_DRIFT,
            Right.SETTLE_SHORT,
        }
    ),
    Role.FACTORY: frozenset({Right.REPORT_PROGRESS}),
    Role.ADMIN: frozenset(Right) - {Right.REPORT_PROGRESS},
}


class Member(SQLModel, table=True):
    """One person who signs in: a team's member, a planner, an administrator or a factory's planner."""

    __tablename__ = "member"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    email: str = Field(unique=True, max_length=200)
    name: str = Field(max_length=80)
    role: Role = Field(sa_column=one_of(Role, "member_role"))
    password_hash: str = Field(max_length=200)
    team_id: UUID | None = Field(default=None, foreign_key="team.id")
    factory_id: UUID | None = Field(default=None, foreign_key="factory.id")

    def must_have(self, right: Right) -> None:
        """Raises RoleMissing unless the member's role carries the right."""
        if right not in RIGHTS[self.role]:
            raise RoleMissing(right.value, self.role.value)

    @property
    def actor(self) -> str:
        """How the audit names this person."""
        return f"{self.role.value}:{self.email}"


class SignIn(SQLModel, table=True):
    """A server-side session; the cookie holds only its key, of which we keep the digest."""

    __tablename__ = "sign_in"

    key_digest: str = Field(primary_key=True, max_length=64)
    member_id: UUID = Field(foreign_key="member.id", index=True)
    expires_at: datetime = Field(sa_type=Moment)
