"""E-mail: by SMTP, or as files of one folder where there is no mail server."""

import os
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from api.notices.port import ChannelAway, Letter, LetterPostponed, LetterRefused

SUBMISSION, SMTPS = 587, 465
_PERMANENT = 500


def message(letter: Letter, sender: str) -> EmailMessage:
    """The letter as e-mail; its Message-ID is the notice's, by which a repeat is known as one."""
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = sender
    mail["To"] = letter.to
    mail["Subject"] = letter.subject
    mail["Message-ID"] = f"<{letter.id}@{parseaddr(sender)[1].partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    if letter.leave_link is not None:  # RFC 2369: a page with one button
        mail["List-Unsubscribe"] = f"<{letter.leave_link}>"
    mail.set_content(letter.text)
    mail["Content-Language"] = {"zh": "zh-Hans"}.get(letter.language, letter.language)
    return mail


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server that takes letters from us.

    Parameters
    ----------
    url
        ``smtp://user:password@host:587``, in the clear unless it ends in ``?starttls=1``; ``smtps://`` is
        encrypted from the first byte.
    sender
        ``Name <address>`` that letters come from.
    """

    url: str
    sender: str
    timeout_seconds: float = 15

    def send(self, letter: Letter) -> None:
        """Hand over; a server that refuses us, rather than the letter, counts as away."""
        mail = message(letter, self.sender)
        try:
            with self._connected() as server:
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            raise _answer(code, words) from error
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPConnectError, smtplib.SMTPHeloError) as error:
            raise ChannelAway(_words(error.smtp_error)) from error
        except smtplib.SMTPSenderRefused as error:
            raise ChannelAway(_words(error.smtp_error)) from error
        except smtplib.SMTPResponseException as error:
            raise _answer(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPNotSupportedError, ValueError) as error:
            raise LetterRefused(str(error)) from error
        except OSError as error:  # SMTPServerDisconnected is one too
            raise ChannelAway(str(error)) from error

    def _connected(self) -> smtplib.SMTP:
        parts = urlsplit(self.url)
        host, tls = parts.hostname or "localhost", ssl.create_default_context()
        server: smtplib.SMTP
        if parts.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, parts.port or SMTPS, timeout=self.timeout_seconds, context=tls)
        else:
            server = smtplib.SMTP(host, parts.port or SUBMISSION, timeout=self.timeout_seconds)
        try:
            if "starttls" in parse_qs(parts.query):
                server.starttls(context=tls)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
        except BaseException:
            server.close()
            raise
        return server


@dataclass(frozen=True, slots=True)
class Folder:
    """Letters as `.eml` files, which every mail program opens; the same letter again is the same file."""

    path: Path
    sender: str

    def send(self, letter: Letter) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        written = self.path / f"{letter.id}.{os.getpid()}.part"
        written.write_bytes(bytes(message(letter, self.sender)))
        written.replace(self.path / f"{letter.id}.eml")


def _answer(code: int, words: bytes | str) -> LetterPostponed | LetterRefused:
    """RFC 5321, 4.2.1: 4yz is for now, 5yz for good."""
    said = f"{code} {_words(words)}"
    return LetterRefused(said) if code >= _PERMANENT else LetterPostponed(said)


def _words(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
