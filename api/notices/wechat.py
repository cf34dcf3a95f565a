"""WeChat template messages of an official account (`/cgi-bin/message/template/send`).

WeChat does not sign requests: each carries an access token, asked for with the account's id and secret and
valid for about two hours. Tested against a local door that keeps those rules; not tested: WeChat itself, and
how a reader's `openid` becomes known (it needs a page opened inside WeChat). The template has the keywords
`first`, `keyword1` (the number) and `remark`; `client_msg_id` lets WeChat drop a repeat within ten minutes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from api.notices.port import ChannelAway, Letter, LetterPostponed, LetterRefused

_TAKEN = 0
_TOKEN_OVER = (40001, 40014, 42001)
_LATER = (-1, 45009, 45011)  # the system is busy; too many calls today, or in this minute
_US = (40013, 40125, 40164, 48001, 50002)  # app id, secret, address not allowed, no permission, suspended


@dataclass(slots=True)
class WeChatTemplates:
    """An official account's door.

    Parameters
    ----------
    url
        ``https://APP-ID:SECRET@api.weixin.qq.com?template_zh=ID&template_en=ID``
    """

    url: str
    timeout_seconds: float = 15
    _token: str = field(default="", init=False, repr=False)

    def send(self, letter: Letter) -> None:
        said = self._sent(letter)
        if said.get("errcode") in _TOKEN_OVER:  # another process may have asked for a newer one
            self._token = ""
            said = self._sent(letter)
        _judge(said)

    def _sent(self, letter: Letter) -> Mapping[str, Any]:
        self._token = self._token or self._new_token()
        ours = parse_qs(urlsplit(self.url).query)
        body = {
            "touser": letter.to,
            "template_id": ours[f"template_{letter.language}"][0],
            "url": letter.link,
            "client_msg_id": letter.id,
            "data": {
                "first": {"value": letter.subject},
                "keyword1": {"value": letter.about},
                "remark": {"value": letter.text},
            },
        }
        return self._ask("message/template/send", {"access_token": self._token}, body)

    def _new_token(self) -> str:
        """The stable token: asking again does not end the one before."""
        parts = urlsplit(self.url)
        body = {
            "grant_type": "client_credential",
            "appid": unquote(parts.username or ""),
            "secret": unquote(parts.password or ""),
        }
        said = self._ask("stable_token", {}, body)
        if "access_token" not in said:
            raise ChannelAway(_words(said))
        return str(said["access_token"])

    def _ask(self, path: str, query: Mapping[str, str], body: Mapping[str, Any]) -> Mapping[str, Any]:
        import httpx  # noqa: PLC0415 - loaded where something is sent, so that web processes start fast

        parts = urlsplit(self.url)
        address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/cgi-bin/{path}"
        content = json.dumps(body, ensure_ascii=False).encode()
        try:
            answer = httpx.post(address, params=query, content=content, timeout=self.timeout_seconds)
            answer.raise_for_status()
            said: Mapping[str, Any] = answer.json()
        except (httpx.HTTPError, json.JSONDecodeError) as error:
            raise ChannelAway(f"{path}: {type(error).__name__}") from error  # the address holds the token
        return said


def _judge(said: Mapping[str, Any]) -> None:
    code = said.get("errcode", _TAKEN)
    if code == _TAKEN:
        return
    if code in (*_US, *_TOKEN_OVER):
        raise ChannelAway(_words(said))
    if code in _LATER:
        raise LetterPostponed(_words(said))
    raise LetterRefused(_words(said))


def _words(said: Mapping[str, Any]) -> str:
    return f"{said.get('errcode', '')}: {said.get('errmsg', '')}"
