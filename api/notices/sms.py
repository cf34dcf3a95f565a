"""Text messages by Alibaba Cloud's SMS service (Dysmsapi 2017-05-25, `SendSms`).

Requests are signed by the vendor's published method V3 (`ACS3-HMAC-SHA256`), which the tests hold against
the vendor's own worked example; sending is tested against a local door that checks the signature. Not
tested: the vendor itself, its limits and the review of signatures and templates. Templates are reviewed
words, so a text message carries a template's three values `number`, `subject` and `link`. The vendor does
not recognise repeats: a sender that was killed between its answer and our commit sends twice.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, quote, unquote, urlsplit

from api.notices.port import ChannelAway, Letter, LetterPostponed, LetterRefused

METHOD, ACTION, VERSION = "ACS3-HMAC-SHA256", "SendSms", "2017-05-25"
_TAKEN = "OK"
_LATER = ("isv.BUSINESS_LIMIT_CONTROL", "isp.SYSTEM_ERROR", "Throttling")
_US = ("isv.AMOUNT_NOT_ENOUGH", "isv.ACCOUNT_ABNORMAL", "isv.OUT_OF_SERVICE", "SignatureDoesNotMatch")
_US_TOO = ("InvalidAccessKeyId", "isp.RAM_PERMISSION_DENY", "Forbidden")
_SERVER_ERROR = 500


def signed(
    headers: Mapping[str, str],
    query: Mapping[str, str],
    *,
    key_id: str,
    key_secret: str,
    method: str = "POST",
) -> str:
    """The `Authorization` of a request to `/` with an empty body.

    Source
    ------
    Alibaba Cloud, "Request syntax and signature method V3": canonical request, string to sign, HMAC.
    """
    names = sorted(headers)
    canonical = "\n".join(
        (
            method,
            "/",
            _encoded(query),
            *(f"{name}:{headers[name].strip()}" for name in names),
            "",
            ";".join(names),
            headers["x-acs-content-sha256"],
        )
    )
    to_sign = f"{METHOD}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(key_secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return f"{METHOD} Credential={key_id},SignedHeaders={';'.join(names)},Signature={signature}"


def _encoded(query: Mapping[str, str]) -> str:
    """RFC 3986, sorted by name: `~` stays, a space is %20."""
    pairs = sorted(query.items())
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class AliyunSms:
    """The vendor's door.

    Parameters
    ----------
    url
        ``https://KEY-ID:KEY-SECRET@dysmsapi.aliyuncs.com?sign=NAME&template_zh=SMS_1&template_en=SMS_2``
    clock
        The moment a request is signed for; the vendor takes it within fifteen minutes.
    """

    url: str
    timeout_seconds: float = 15
    clock: Callable[[], datetime] = _now

    def send(self, letter: Letter) -> None:
        import httpx  # noqa: PLC0415 - loaded where something is sent, so that web processes start fast

        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        query = self._query(letter)
        headers = {
            "host": host,
            "x-acs-action": ACTION,
            "x-acs-version": VERSION,
            "x-acs-date": self.clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        }
        headers["authorization"] = signed(
            headers, query, key_id=unquote(parts.username or ""), key_secret=unquote(parts.password or "")
        )
        address = f"{parts.scheme}://{host}/?{_encoded(query)}"
        try:
            answer = httpx.post(address, headers=headers, timeout=self.timeout_seconds)
            said = answer.json()
        except (httpx.HTTPError, json.JSONDecodeError) as error:
            raise ChannelAway(str(error)) from error
        _judge(answer.status_code, said)

    def _query(self, letter: Letter) -> dict[str, str]:
        ours = {name: values[0] for name, values in parse_qs(urlsplit(self.url).query).items()}
        values = {"number": letter.about, "subject": letter.subject, "link": letter.link}
        return {
            "PhoneNumbers": letter.to.removeprefix("+86").removeprefix("+"),
            "SignName": ours["sign"],
            "TemplateCode": ours[f"template_{letter.language}"],
            "TemplateParam": json.dumps(values, ensure_ascii=False),
            "OutId": letter.id,
        }


def _judge(status: int, said: Mapping[str, str]) -> None:
    code = said.get("Code", "")
    words = f"{code}: {said.get('Message', '')}"
    if code == _TAKEN:
        return
    if code.startswith((*_US, *_US_TOO)) or status >= _SERVER_ERROR:
        raise ChannelAway(words)
    if code.startswith(_LATER):
        raise LetterPostponed(words)
    raise LetterRefused(words)
