"""The factory's pages, on a phone: its orders, its word on them, and nobody's name."""

from fastapi import APIRouter

from web.factory import orders, words

router = APIRouter()
for room in (orders, words):
    router.include_router(room.router, prefix="/factory")
