"""Which channels this platform has, by its settings."""

from functools import lru_cache

from api.domain.notice import NoticeChannel
from api.notices.mail import Folder, Smtp
from api.notices.port import ChannelAway, Door
from api.notices.sms import AliyunSms
from api.notices.wechat import WeChatTemplates
from api.settings import settings


def offered() -> tuple[NoticeChannel, ...]:
    """The channels a buyer may choose from; e-mail is always one."""
    set_up = {NoticeChannel.SMS: settings().sms_url, NoticeChannel.WECHAT: settings().wechat_url}
    return (NoticeChannel.EMAIL, *(channel for channel, url in set_up.items() if url))


def door(channel: NoticeChannel) -> Door:
    """The way out of a channel. Raises ChannelAway where the settings name none any more."""
    ours = settings()
    match channel:
        case NoticeChannel.EMAIL if ours.smtp_url:
            return Smtp(ours.smtp_url, ours.mail_from)
        case NoticeChannel.EMAIL:
            return Folder(ours.data_dir / "mail", ours.mail_from)
        case NoticeChannel.SMS if ours.sms_url:
            return AliyunSms(ours.sms_url)
        case NoticeChannel.WECHAT if ours.wechat_url:
            return _wechat(ours.wechat_url)
    raise ChannelAway(f"no {channel.value} is set up")


@lru_cache(maxsize=1)
def _wechat(url: str) -> WeChatTemplates:
    """One for the process: it keeps its access token."""
    return WeChatTemplates(url)
