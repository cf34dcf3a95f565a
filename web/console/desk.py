"""The frame of every console page: who looks, in which language, and what needs them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request, Response
from sqlmodel import Session

from api.deps import MemberDep, NowDep, SessionDep
from api.domain.audit import AuditEntry
from api.domain.errors import Conflict, Refusal, Rejected, invalid
from api.domain.lifecycle import SYSTEM
from api.domain.member import RIGHTS, Member, Right, Role
from api.domain.production import OrderChannel
from api.domain.team import Team
from api.services import audit, members, needs
from api.services.preorders import CONSUMER
from web.pages import render
from web.reader import Reader, ReaderDep

SHORTEST_REASON = 3


@dataclass(frozen=True, slots=True)
class Desk:
    """One member's request for a console page."""

    request: Request
    session: Session
    member: Member
    at: datetime
    reader: Reader

    def may(self, right: Right) -> bool:
        return right in RIGHTS[self.member.role]

    def show(self, here: str, template: str, *, refused: Refusal | None = None, **values: Any) -> Response:
        """The page with the console's frame around it; a refusal gives it its status."""
        return render(
            self.request,
            template,
            status_code=refusal_status(refused),
            viewer=self._viewer(),
            needs=len(needs.of_member(self.session, self.member, at=self.at)),
            here=here,
            **values,
        )

    def _viewer(self) -> dict[str, Any]:
        team = self.session.get(Team, self.member.team_id) if self.member.team_id else None
        return {
            "name": self.member.name,
            "role_words": _role_words(self.reader, self.member.role),
            "team": team.name if team else "",
            "may_settle": self.may(Right.RESOLVE_EXCEPTION),
            "may_see_ledger": self.may(Right.SEE_LEDGER),
        }

    def trail(self, noun: str, subject: str) -> list[dict[str, Any]]:
        """What happened to one thing, the latest first, by people's names."""
        return self.named(reversed(audit.history(self.session, noun, subject)))

    def named(self, entries: Iterable[AuditEntry]) -> list[dict[str, Any]]:
        """Audit entries with the names of those who acted."""
        gettext = self.reader.gettext
        names = members.names(self.session) | {
            SYSTEM: "Counterflow",
            CONSUMER: gettext("Buyer"),
            OrderChannel.ORDER_BOOK.value: gettext("Order book"),
            OrderChannel.ERP.value: gettext("ERP"),
            OrderChannel.DROP_FOLDER.value: gettext("Drop folder"),
        }
        return [entry.model_dump() | {"actor": names.get(entry.actor, entry.actor)} for entry in entries]


def open_desk(
    request: Request, session: SessionDep, member: MemberDep, at: NowDep, reader: ReaderDep
) -> Desk:
    """The desk of a signed-in member; raises RoleMissing for those the console is not for."""
    member.must_have(Right.SEE_CONSOLE)
    return Desk(request, session, member, at, reader)


DeskDep = Annotated[Desk, Depends(open_desk)]


def attempt(session: Session, step: Callable[[], object]) -> Refusal | None:
    """Do what a form asks, or undo all of it and hand back why not, to be shown on the same page."""
    try:
        with session.begin_nested():
            step()
    except (Conflict, Rejected) as refusal:
        return refusal
    return None


def errors_of(refused: Refusal | None) -> dict[str, str]:
    """What a page says beside its fields; a refusal of the whole form stands under the empty name."""
    if isinstance(refused, Rejected):
        return {one["field"]: one["detail"] for one in refused.fields}
    return {"": refused.code} if refused else {}


def said_why(reason: str) -> str:
    """The reason a form gives for the audit; raises InvalidRequest where it says nothing."""
    why = reason.strip()
    if len(why) < SHORTEST_REASON:
        raise invalid("reason", why, "say why, in a few words")
    return why


def refusal_status(refused: Refusal | None) -> int:
    """200, or the status of the family the refusal belongs to."""
    if refused is None:
        return 200
    return 409 if isinstance(refused, Conflict) else 422


def minutes_since(moment: datetime, at: datetime) -> int:
    """Whole minutes, never negative."""
    return max(0, int((at - moment).total_seconds() // 60))


def paging(path: str, *, page: int, size: int, total: int, **query: str) -> dict[str, Any]:
    """Where a page stands among all of them, and the addresses of its neighbours."""
    last = min(page * size, total)

    def href(number: int) -> str:
        kept = {name: value for name, value in query.items() if value}
        return f"{path}?{urlencode(kept | {'page': number})}"

    return {
        "first": min((page - 1) * size + 1, total),
        "last": last,
        "total": total,
        "earlier_href": href(page - 1) if page > 1 else None,
        "later_href": href(page + 1) if last < total else None,
    }


def _role_words(reader: Reader, role: Role) -> str:
    return {
        Role.BUYER: reader.gettext("Product buyer"),
        Role.DEVELOPER: reader.gettext("Product developer"),
        Role.DESIGNER: reader.gettext("Page designer"),
        Role.STOCK: reader.gettext("Stock and orders"),
        Role.PLANNER: reader.gettext("Planner"),
        Role.FINANCE: reader.gettext("Finance"),
        Role.FACTORY: reader.gettext("Factory"),
        Role.ADMIN: reader.gettext("Administrator"),
    }[role]
