"""The factory's pages, on a phone: its orders, its word on them, and nobody's name."""

from fastapi import APIRouter

from web.factory import orders, photos, words

router = APIRouter()
for room in (orders, words, photos):
    router.include_router(room.router, prefix="/factory")
