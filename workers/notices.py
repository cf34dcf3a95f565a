"""Letters to buyers, handed to their channel until it has taken them."""

from uuid import UUID

from api.db import transaction
from api.domain.notice import NoticeChannel
from api.notices.doors import door
from api.notices.port import ChannelAway, LetterPostponed, LetterRefused
from api.services import notices
from workers.outbox import NeedsPerson, NobodyThere, TryAgainLater, handles, now


@handles("notice.send")
def send(notice_id: str, channel: str) -> None:
    """One notice by one channel; a repeat carries the same id, by which the other side may know it."""
    id_, by = UUID(notice_id), NoticeChannel(channel)
    with transaction() as session:
        letter = notices.to_send(session, id_, by)
    if letter is None:
        return
    try:
        door(by).send(letter)
    except ChannelAway as error:
        _note(id_, by, str(error))
        raise NobodyThere(str(error)) from error
    except LetterPostponed as error:
        _note(id_, by, str(error))
        raise TryAgainLater(str(error)) from error
    except LetterRefused as error:
        with transaction() as session:
            notices.mark_failed(session, id_, by, words=str(error), at=now())
        raise NeedsPerson(str(error)) from error
    with transaction() as session:
        notices.mark_sent(session, id_, by, at=now())


def _note(id_: UUID, channel: NoticeChannel, words: str) -> None:
    with transaction() as session:
        notices.mark_failed(session, id_, channel, words=words)
