from uuid import UUID

from fastapi import APIRouter

from api.deps import MemberDep, NowDep, SessionDep
from api.services import outbox

router = APIRouter(prefix="/messages", tags=["queue"])


@router.post("/{message_id}/retry", status_code=204)
def retry_message(message_id: UUID, session: SessionDep, member: MemberDep, at: NowDep) -> None:
    """Send a parked message again."""
    outbox.revive(session, message_id, member=member, at=at)
