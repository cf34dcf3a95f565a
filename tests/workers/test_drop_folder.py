"""A run whose factory reads files: written once, moved by answers, with what cannot be read kept in view."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import Session, select

from api.domain.channel import ChannelState, ChannelStatus
from api.domain.member import Role
from api.domain.plan import Run, RunStatus
from api.domain.production import OrderChannel
from api.services import audit, campaign_close, channels, erp_sync, plan_approval
from api.settings import settings
from tests.erp_bridge.firm import FolderSide
from tests.factories import make_member, make_preorder, make_world
from tests.services.test_planning import CLOSED, proposed
from workers import erp, gateways

FOLDER = OrderChannel.DROP_FOLDER
SKU = "TEE-INDIGO-M"


@pytest.fixture
def firm(session: Session, tmp_path: Path) -> Iterator[FolderSide]:
    """An installation with a drop folder, and the firm behind it."""
    del session
    os.environ["COUNTERFLOW_DROP_FOLDER"] = str(tmp_path / "drop")
    settings.cache_clear()
    gateways.drop_folder.cache_clear()
    yield FolderSide(tmp_path / "drop", (SKU,))
    gateways.drop_folder.cache_clear()


@pytest.fixture
def run(session: Session, firm: FolderSide) -> Run:
    """An approved run of six tees at a factory that reads files."""
    del firm
    world = make_world(session)
    world.own.channel = FOLDER
    session.flush()
    make_preorder(session, lines=[(SKU, 6)])
    campaign_close.close(session, world.campaign.id, at=CLOSED)
    plan = proposed(session, make_member(session, Role.PLANNER))
    plan_approval.approve(session, plan.number, member=make_member(session, Role.ADMIN), at=CLOSED)
    session.flush()
    return session.exec(select(Run)).one()


def pull(session: Session) -> ChannelState:
    """Ask every channel what became of its runs; how the folder was."""
    erp.pull_progress()
    session.expire_all()
    state = channels.states(session)[FOLDER]
    assert state is not None
    return state


def test_a_run_goes_out_as_a_file_and_is_done_by_files(session: Session, run: Run, firm: FolderSide) -> None:
    assert erp.push_runs([{"run_id": str(run.id)}]) == [None]
    session.expire_all()
    assert (run.status, run.channel, run.documents) == (RunStatus.RELEASED, FOLDER, [f"{run.number}.csv"])
    assert firm.ordered(run.number) == {SKU: 6}
    firm.accept(run.number)
    firm.report(run.number, {SKU: 4})
    assert pull(session).status == ChannelStatus.ANSWERS
    assert run.status == RunStatus.STARTED
    firm.report(run.number, {SKU: 2})
    pull(session)
    assert run.status == RunStatus.DONE
    assert erp_sync.unfinished(session, FOLDER) == []


def test_a_refusal_stands_in_the_trail_of_the_run_in_the_words_of_the_firm(
    session: Session, run: Run, firm: FolderSide
) -> None:
    erp.push_runs([{"run_id": str(run.id)}])
    firm.answer([[run.number, "refused", "", "", "", "no cloth before March"]])
    pull(session)
    assert run.status == RunStatus.CANCELLED
    (*_, last) = audit.history(session, "run", run.number)
    assert last.why == f"{run.number}.csv: 0 pieces finished; no cloth before March"


def test_an_answer_that_cannot_be_read_is_kept_in_view_until_it_is_sent_again(
    session: Session, run: Run, firm: FolderSide
) -> None:
    erp.push_runs([{"run_id": str(run.id)}])
    firm.answer([[run.number, "started", SKU, "four"]])
    assert pull(session).notices == ["answers/00000001.csv, line 2, done 'four': whole pieces"]
    assert run.status == RunStatus.RELEASED
    firm.answer([[run.number, "started", SKU, "4"]], number=1)
    assert pull(session).notices == []
    assert run.status == RunStatus.STARTED


def test_a_share_that_is_gone_is_a_channel_that_does_not_answer(
    session: Session, run: Run, firm: FolderSide
) -> None:
    erp.push_runs([{"run_id": str(run.id)}])
    firm.root.rename(firm.root.with_name("elsewhere"))
    state = pull(session)
    assert state.status == ChannelStatus.SILENT
    assert "is the share mounted?" in state.words
