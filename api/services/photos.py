"""Photographs of orders: files under random names in the data folder, and who may see which."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlmodel import Session, col, func, select

from api.domain.errors import Unknown, invalid
from api.domain.member import Member
from api.domain.orderbook import BookOrder, OrderPhoto, WorkStage
from api.domain.picture import picture
from api.domain.plan import Pegging, Run
from api.domain.preorder import Preorder, PreorderLine
from api.services import order_book

MOST_AT_ONCE = 6
MOST_OF_AN_ORDER = 60


def add(
    session: Session,
    folder: Path,
    reference: str,
    *,
    stage: WorkStage,
    files: Sequence[bytes],
    member: Member,
    at: datetime,
) -> Sequence[OrderPhoto]:
    """Keep photographs of a factory's own order. Raises InvalidRequest for what is no picture, or too many.

    A file is whole under its name before its row is written; one whose row is rolled back is seen by nobody.
    """
    order = order_book.get_of_factory(session, reference, member)
    kept = session.exec(select(func.count()).where(OrderPhoto.order_id == order.id)).one()
    if len(files) > MOST_AT_ONCE or kept + len(files) > MOST_OF_AN_ORDER:
        raise invalid("photo", len(files), f"at most {MOST_AT_ONCE} at once, {MOST_OF_AN_ORDER} of an order")
    pictures = [picture("photo", data) for data in files]
    photos = []
    for each in pictures:
        name = secrets.token_urlsafe(24)
        _write(folder, name, each.data)
        photos.append(
            OrderPhoto(
                name=name,
                order_id=order.id,
                stage=stage,
                media_type=each.media_type,
                width=each.width,
                height=each.height,
                added_by=member.actor,
                added_at=at,
            )
        )
    session.add_all(photos)
    return photos


def _write(folder: Path, name: str, data: bytes) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = folder / f"{name}.unfinished"
    unfinished.write_bytes(data)
    unfinished.rename(folder / name)


def read(folder: Path, photo: OrderPhoto) -> bytes:
    """The picture itself; raises Unknown where its file is gone."""
    try:
        return (folder / photo.name).read_bytes()
    except FileNotFoundError:
        raise Unknown("photo", photo.name) from None


def of_order(session: Session, order_id: UUID) -> Sequence[OrderPhoto]:
    """The photographs of an order, the latest first."""
    return session.exec(
        select(OrderPhoto)
        .where(OrderPhoto.order_id == order_id)
        .order_by(col(OrderPhoto.added_at).desc(), col(OrderPhoto.name))
    ).all()


def of_preorder(session: Session, preorder: Preorder) -> Sequence[OrderPhoto]:
    """The photographs of the runs that make a pre-order's pieces, the latest first."""
    references = (
        select(Run.number)
        .join(Pegging, col(Pegging.run_id) == Run.id)
        .join(PreorderLine, col(PreorderLine.id) == Pegging.preorder_line_id)
        .where(PreorderLine.preorder_id == preorder.id)
    )
    return session.exec(
        select(OrderPhoto)
        .join(BookOrder, col(BookOrder.id) == OrderPhoto.order_id)
        .where(col(BookOrder.reference).in_(references))
        .order_by(col(OrderPhoto.added_at).desc(), col(OrderPhoto.name))
    ).all()


def get(photos: Sequence[OrderPhoto], name: str) -> OrderPhoto:
    """The photograph of that name among those one may see; raises Unknown."""
    for photo in photos:
        if photo.name == name:
            return photo
    raise Unknown("photo", name)
