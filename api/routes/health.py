from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Response

from api.deps import NowDep
from api.services import health

router = APIRouter(prefix="/health", tags=["health"])


@router.get("")
def read_health(response: Response, at: NowDep) -> dict[str, Any]:
    """The state of each part; 503 when one that is needed is down."""
    parts = health.parts(at=at)
    up = all(part.up for part in parts if part.needed)
    response.status_code = 200 if up else 503
    return {"up": up, "parts": [asdict(part) for part in parts]}
