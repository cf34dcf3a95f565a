"""Every table and every state machine, for whoever needs all: migrations and the tests of the house."""

from sqlmodel import SQLModel

from api.domain import (  # noqa: F401 - declare their tables
    audit,
    catalogue,
    channel,
    idempotency,
    ledger,
    member,
    notice,
    outbox,
    production,
    promise,
    team,
)
from api.domain.allocation import SHORTFALL_LIFECYCLE
from api.domain.campaign import CAMPAIGN_LIFECYCLE
from api.domain.delay import DELAY_LIFECYCLE
from api.domain.drift import DRIFT_LIFECYCLE
from api.domain.orderbook import BOOK_ORDER_LIFECYCLE, FLAG_LIFECYCLE
from api.domain.payment import PAYMENT_LIFECYCLE
from api.domain.payment_exception import PAYMENT_EXCEPTION_LIFECYCLE
from api.domain.plan import PLAN_LIFECYCLE, RUN_LIFECYCLE
from api.domain.preorder import PREORDER_LIFECYCLE
from api.domain.proposal import PROPOSAL_LIFECYCLE
from api.domain.rescue import RESCUE_LIFECYCLE
from api.domain.waiting import WAITING_LIFECYCLE

METADATA = SQLModel.metadata
LIFECYCLES = (
    CAMPAIGN_LIFECYCLE,
    PREORDER_LIFECYCLE,
    PAYMENT_LIFECYCLE,
    PLAN_LIFECYCLE,
    RUN_LIFECYCLE,
    BOOK_ORDER_LIFECYCLE,
    FLAG_LIFECYCLE,
    PROPOSAL_LIFECYCLE,
    DRIFT_LIFECYCLE,
    SHORTFALL_LIFECYCLE,
    PAYMENT_EXCEPTION_LIFECYCLE,
    RESCUE_LIFECYCLE,
    WAITING_LIFECYCLE,
    DELAY_LIFECYCLE,
)
