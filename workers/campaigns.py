from uuid import UUID

import structlog

from api.db import transaction
from api.services import campaign_close, cancellation, waiting
from workers.app import app
from workers.outbox import now

log = structlog.get_logger()


@app.task(name="campaigns.close_due")
def close_due() -> None:
    """Close and decide every campaign whose minute has come, each in a transaction of its own."""
    at = now()
    with transaction() as session:
        due = campaign_close.due(session, at=at)
    for campaign_id in due:
        _close(campaign_id)


@app.task(name="campaigns.free_places")
def free_places() -> None:
    """End pre-orders whose time to pay is over and offers nobody took; what is free goes to who waits."""
    with transaction() as session:
        expired = cancellation.expire_unpaid(session, at=now())
    with transaction() as session:
        lapsed = waiting.lapse(session, at=now())
    if expired or lapsed:
        log.info("places freed", expired=expired, lapsed=lapsed)


def _close(campaign_id: UUID) -> None:
    """One broken campaign does not keep the others open."""
    try:
        with transaction() as session:
            campaign = campaign_close.close(session, campaign_id, at=now())
    except Exception:
        log.exception("close failed", campaign_id=str(campaign_id))
    else:
        log.info("campaign closed", campaign=campaign.slug, status=campaign.status.value)
