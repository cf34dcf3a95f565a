from fastapi import APIRouter
from pydantic import BaseModel

from api.deps import MemberDep, SessionDep
from api.services import audit_chain

router = APIRouter(prefix="/audit", tags=["audit"])


class AuditVerdict(BaseModel):
    """Whether the audit is as it was sealed."""

    whole: bool
    seals: int
    entries: int
    unsealed: int
    """Entries of the last minute, which the next seal takes."""
    head: str
    wrong: str | None


@router.get("/verify")
def verify_audit(session: SessionDep, member: MemberDep, expect: str | None = None) -> AuditVerdict:
    """Compute the chain anew, name the first entry that does not fit; `expect` is a digest kept elsewhere."""
    verdict = audit_chain.verify_by(session, member=member, expect=expect)
    return AuditVerdict(
        whole=verdict.whole,
        seals=verdict.seals,
        entries=verdict.entries,
        unsealed=verdict.unsealed,
        head=verdict.head,
        wrong=verdict.wrong,
    )
