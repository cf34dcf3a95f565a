"""How the owner of an e-mail address wants to be written to.

Anybody may order with anybody's address, so a link to a pre-order proves nothing about it: who chooses must
come by the key that every letter to the address carries.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from api.domain.errors import LinkNotValid, invalid
from api.domain.notice import NoticeChannel, NoticePreference
from api.domain.preorder import Preorder
from api.notices.doors import offered
from api.security import mail_token, same
from api.settings import settings

_PHONE = re.compile(r"\+?[0-9]{6,15}")
_HOME = "+86"


def reads_its_mail(preorder: Preorder, key: str) -> bool:
    """Whether the key is the one that letters to the buyer's address carry."""
    return same(mail_token(settings().secret, preorder.email), key)


def of(session: Session, email: str) -> NoticePreference | None:
    """What was chosen for an address; None means e-mail."""
    return session.get(NoticePreference, email.casefold())


def choose(
    session: Session,
    preorder: Preorder,
    *,
    key: str,
    channels: Sequence[NoticeChannel],
    phone: str,
    at: datetime,
) -> NoticePreference:
    """Write to the buyer's address by these channels from now on, about every pre-order of it.

    Raises LinkNotValid for a wrong key, and InvalidRequest naming the field where no channel is left that
    reaches them: money and dates are told by at least one.
    """
    if not reads_its_mail(preorder, key):
        raise LinkNotValid
    before, number = of(session, preorder.email), _number(phone)
    wanted = [channel for channel in offered() if channel in channels]
    if NoticeChannel.SMS in wanted and not number:
        raise invalid("phone", phone, "is needed for text messages")
    chosen = NoticePreference(
        email=preorder.email.casefold(),
        channels=wanted,
        phone=number,
        wechat_openid=before.wechat_openid if before else "",
        chosen_at=at,
    )
    if not chosen.addresses():
        raise invalid("channels", [channel.value for channel in channels], "must name at least one")
    return session.merge(chosen)


def _number(phone: str) -> str:
    """With its country's code; without one it is from here. Raises InvalidRequest."""
    number = re.sub(r"[\s()-]", "", phone)
    if number and not _PHONE.fullmatch(number):
        raise invalid("phone", phone, "is not a telephone number")
    return number if number.startswith("+") or not number else f"{_HOME}{number}"
