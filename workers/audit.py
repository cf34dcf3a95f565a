"""The chain of the audit grows while the platform runs."""

import structlog

from api.db import transaction
from api.services import audit_chain
from workers.app import app
from workers.outbox import now

log = structlog.get_logger()


@app.task(name="audit.seal")
def seal() -> None:
    """Seal what is finished; the log keeps the digest where the database cannot be rewritten with it."""
    with transaction() as session:
        made = audit_chain.seal(session, at=now())
    if made is not None:
        log.info("audit sealed", seal=made.number, entries=len(made.leaves), digest=made.digest)
