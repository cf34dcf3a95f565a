"""The console: what teams, planners and administrators see and decide; one file per noun."""

from fastapi import APIRouter

from web.console import (
    audit,
    campaigns,
    channels,
    drift,
    exceptions,
    factories,
    factory_words,
    home,
    ledger,
    plan_against,
    plans,
    preorders,
    queue,
    runs,
    shortfalls,
    sign_in,
)

router = APIRouter()
for room in (
    sign_in,
    home,
    campaigns,
    preorders,
    plans,
    plan_against,
    runs,
    factory_words,
    shortfalls,
    drift,
    exceptions,
    ledger,
    factories,
    channels,
    queue,
    audit,
):
    router.include_router(room.router, prefix="/console")
