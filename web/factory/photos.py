"""Photographs, to those who may see them: nothing of them can run, and no page of others may show them."""

from fastapi import APIRouter, Response

from api.domain.orderbook import OrderPhoto
from api.services import order_book, photos
from api.settings import settings
from web.factory.bench import BenchDep

router = APIRouter()

_MONTH = "private, max-age=2592000, immutable"


@router.get("/orders/{reference}/photos/{name}")
def order_photo(bench: BenchDep, reference: str, name: str) -> Response:
    """A photograph of one's own order."""
    order = order_book.get_of_factory(bench.session, reference, bench.member)
    return served(photos.get(photos.of_order(bench.session, order.id), name))


def served(photo: OrderPhoto) -> Response:
    """The picture as what its bytes said it is, and never as a page."""
    headers = {
        "Cache-Control": _MONTH,
        "Content-Disposition": "inline",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    data = photos.read(settings().photo_dir, photo)
    return Response(data, media_type=photo.media_type, headers=headers)
