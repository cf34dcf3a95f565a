"""The console: what teams, planners and administrators see and decide; one file per noun."""

from fastapi import APIRouter

from web.console import audit, campaigns, factories, home, plans, preorders, queue, runs, sign_in

router = APIRouter()
for room in (sign_in, home, campaigns, preorders, plans, runs, factories, queue, audit):
    router.include_router(room.router, prefix="/console")
