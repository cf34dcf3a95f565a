from fastapi import APIRouter, Response

from api.deps import NowDep, SessionDep
from api.services import metrics

router = APIRouter(prefix="/metrics", tags=["health"])


@router.get("", response_class=Response)
def read_metrics(session: SessionDep, at: NowDep) -> Response:
    """Queue, channels, orders and differences as Prometheus reads them; no personal data."""
    return Response(metrics.text(session, at=at), media_type=metrics.CONTENT_TYPE)
