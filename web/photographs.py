"""Photographs on pages, served to those who may see them: nothing of them can run."""

from typing import Any

from fastapi import Response

from api.domain.orderbook import OrderPhoto
from api.services import photos
from api.settings import settings

_MONTH = "private, max-age=2592000, immutable"


def shown(photo: OrderPhoto, here: str) -> dict[str, Any]:
    """A photograph on a page; its address says who asks, and is checked when it is fetched."""
    return {
        "src": f"{here}/photos/{photo.name}",
        "stage": photo.stage.value,
        "width": photo.width,
        "height": photo.height,
        "added_at": photo.added_at,
    }


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
