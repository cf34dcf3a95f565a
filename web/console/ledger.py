"""The ledger: statements of a pre-order, a campaign or a team, and a provider's report beside it."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Cookie, Request, Response
from sqlmodel import select

from api.db import transaction
from api.deps import NowDep
from api.domain.campaign import Campaign
from api.domain.errors import Unknown
from api.domain.ledger import Account
from api.domain.member import Right
from api.domain.money import CURRENCY
from api.domain.preorder import Preorder
from api.domain.team import Team
from api.payments.port import Movement, ProviderRefused, ProviderUnavailable
from api.payments.providers import named
from api.services import campaigns, ledger, members, reconciliation
from api.services.ledger import Statement
from web.console.desk import Desk, DeskDep, open_desk
from web.reader import ReaderDep

router = APIRouter(prefix="/ledger")

LATEST = 200
"""Lines of a statement on one page; the file holds all."""
DAYS = 7


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whose statement it is, and how a page and a file name it."""

    statement: Statement
    title: str
    name: str
    query: str
    campaign: Campaign | None


@router.get("")
def ledger_page(desk: DeskDep, preorder: str = "", campaign: str = "", team: str = "") -> Response:
    """A statement: of a pre-order, a campaign, or everything of a team."""
    subject = _subject(desk, preorder, campaign, team, latest=LATEST)
    statement = subject.statement
    return desk.show(
        "ledger",
        "console/ledger.html",
        title=subject.title,
        campaign_href=f"/console/campaigns/{subject.campaign.slug}" if subject.campaign else "",
        accounts=[account.value for account in Account if _used(statement, account)],
        lines=[
            {
                "at": line.at,
                "number": line.preorder,
                "href": f"/console/ledger?preorder={line.preorder}",
                "why": line.why,
                "postings": {account.value: amount for account, amount in line.postings.items()},
            }
            for line in reversed(statement.lines)
        ],
        balances={account.value: amount for account, amount in statement.balances.items()},
        total_minor=sum(statement.balances.values()),
        entries=statement.entries,
        currency=statement.currency,
        csv_href=f"/console/ledger/file?{subject.query}",
        teams=[(one.name, f"/console/ledger?team={one.code}") for one in _teams(desk)],
        providers=[
            (name, f"/console/ledger/provider?name={name}")
            for name in reconciliation.providers_used(desk.session)
        ],
    )


@router.get("/file")
def ledger_file(desk: DeskDep, preorder: str = "", campaign: str = "", team: str = "") -> Response:
    """The whole statement as comma-separated values, amounts in minor units."""
    subject = _subject(desk, preorder, campaign, team, latest=None)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["at", "preorder", "why", "currency", *(account.value for account in Account)])
    for line in subject.statement.lines:
        amounts = [line.postings.get(account, 0) for account in Account]
        writer.writerow(
            [line.at.isoformat(), line.preorder, _plain(line.why), subject.statement.currency, *amounts]
        )
    return Response(
        text.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="ledger-{subject.name}.csv"'},
    )


@router.get("/provider")
def provider_page(
    request: Request,
    reader: ReaderDep,
    at: NowDep,
    name: str = "",
    until: date | None = None,
    counterflow_sign_in: Annotated[str | None, Cookie()] = None,
) -> Response:
    """The provider's report of the seven days up to one, held against the ledger.

    No transaction is open while the provider is waited for.
    """
    with transaction() as session:
        member = members.of_key(session, counterflow_sign_in, at=at)
        member.must_have(Right.SEE_LEDGER)
        if member.team_id is not None or name not in reconciliation.providers_used(session):
            raise Unknown("provider", name)
    last = min(until or at.date(), at.date())
    since = datetime.combine(last - timedelta(days=DAYS - 1), time(), UTC)
    end = min(at, datetime.combine(last + timedelta(days=1), time(), UTC))
    report, failure = _report(name, since, end)
    with transaction() as session:
        desk = open_desk(request, session, members.of_key(session, counterflow_sign_in, at=at), at, reader)
        found = reconciliation.compare(session, name, report, since=since, until=end)
        return desk.show(
            "ledger",
            "console/ledger_provider.html",
            provider=name,
            from_on=since.date(),
            to_on=last,
            earlier_href=f"/console/ledger/provider?name={name}&until={last - timedelta(days=DAYS)}",
            failure=failure,
            movements=found.movements,
            fees=len(found.fees),
            differences=[asdict(one) | {"kind": one.kind.value} for one in found.differences],
        )


def _report(name: str, since: datetime, until: datetime) -> tuple[Sequence[Movement], str]:
    """Their movements, or none and why."""
    try:
        return named(name).report(reconciliation.report_from(since), until), ""
    except (ProviderRefused, ProviderUnavailable) as error:
        return (), str(error)


def _subject(desk: Desk, preorder: str, campaign: str, team: str, *, latest: int | None) -> _Subject:
    """Raises RoleMissing, and Unknown for another team's."""
    desk.member.must_have(Right.SEE_LEDGER)
    session, reader = desk.session, desk.reader
    if preorder:
        found = session.exec(select(Preorder).where(Preorder.number == preorder)).first()
        if found is None:
            raise Unknown("pre-order", preorder)
        its = session.get_one(Campaign, found.campaign_id)
        if desk.member.team_id not in (None, its.team_id):
            raise Unknown("pre-order", preorder)
        title = reader.gettext("Pre-order %(number)s", number=found.number)
        statement = ledger.of_preorder(session, found, latest=latest)
        return _Subject(statement, title, found.number, f"preorder={found.number}", its)
    if campaign:
        its = campaigns.get_of_member(session, campaign, desk.member)
        title = reader.title(campaigns.offer(session, its.slug).style)
        statement = ledger.of_campaign(session, its, latest=latest)
        return _Subject(statement, title, its.slug, f"campaign={its.slug}", its)
    owner = next((one for one in _teams(desk) if team in ("", one.code)), None)
    if owner is None:
        raise Unknown("team", team)
    statement = ledger.of_team(session, owner.id, CURRENCY, latest=latest)
    return _Subject(statement, owner.name, owner.code, f"team={owner.code}", None)


def _teams(desk: Desk) -> list[Team]:
    """The teams whose books this member may read."""
    query = select(Team).order_by(Team.name)
    mine = desk.member.team_id
    return list(desk.session.exec(query if mine is None else query.where(Team.id == mine)))


def _used(statement: Statement, account: Account) -> bool:
    always = (Account.PROVIDER, Account.BUYERS, Account.SALES)
    touched = any(account in line.postings for line in statement.lines)
    return account in always or touched or statement.balances[account] != 0


def _plain(words: str) -> str:
    """Words that no spreadsheet takes for a formula."""
    return f"'{words}" if words[:1] in ("=", "+", "-", "@") else words
