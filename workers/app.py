"""Celery and its timetable. The broker only carries: what must happen stands in the database."""

import signal
import warnings
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_process_init

from api.local.leash import die_with_parent
from api.settings import settings

# The platform on one machine may run as root; Celery's advice is about messages from strangers in pickle.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")

app = Celery("counterflow", broker=settings().broker_url)
app.conf.update(
    include=[
        "workers.outbox",
        "workers.campaigns",
        "workers.promises",
        "workers.payments",
        "workers.planning",
        "workers.parts",
        "workers.erp",
        "workers.drift",
        "workers.master_data",
        "workers.notices",
        "workers.audit",
    ],
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
    # A lost message is found again in the outbox when its lease ends, so the broker need not redeliver.
    task_acks_late=False,
    broker_transport_options={"visibility_timeout": 3600},
    timezone="UTC",
    beat_schedule={
        # A beat that waits while no worker runs is worth nothing later: it expires before the next but one.
        "relay the outbox": {"task": "outbox.relay", "schedule": 1.0, "options": {"expires": 2}},
        "close due campaigns": {"task": "campaigns.close_due", "schedule": 5.0, "options": {"expires": 10}},
        "free places": {"task": "campaigns.free_places", "schedule": 10.0, "options": {"expires": 20}},
        "watch promises": {"task": "promises.watch", "schedule": 30.0, "options": {"expires": 60}},
        "pull progress": {"task": "erp.pull_progress", "schedule": 10.0, "options": {"expires": 20}},
        "find drift": {"task": "erp.find_drift", "schedule": 30.0, "options": {"expires": 60}},
        "seal the audit": {"task": "audit.seal", "schedule": 60.0, "options": {"expires": 120}},
        "reconcile payments": {"task": "payments.reconcile", "schedule": crontab(hour="19", minute="30")},
        "read catalogues": {"task": "erp.read_catalogues", "schedule": 300.0, "options": {"expires": 600}},
    },
)


@worker_process_init.connect
def _end_with_the_worker(**_: Any) -> None:
    """A child whose worker was killed must not go on: its task is given to another."""
    die_with_parent(signal.SIGKILL)
