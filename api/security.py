"""Passwords, sign-in keys and signed links."""

import hashlib
import hmac
import secrets
from uuid import UUID

from pwdlib import PasswordHash

from api.domain.errors import LinkNotValid

_passwords = PasswordHash.recommended()
_PREORDER, _WAITING = "pre-order link", "waiting link"


def hash_password(password: str) -> str:
    return _passwords.hash(password)


def password_fits(password: str, password_hash: str) -> bool:
    return _passwords.verify(password, password_hash)


def new_key() -> str:
    """A random key for a cookie: 256 bits."""
    return secrets.token_urlsafe(32)


def digest(key: str) -> str:
    """What we keep of a random key."""
    return hashlib.sha256(key.encode()).hexdigest()


def sign(secret: str, purpose: str, message: str) -> str:
    """HMAC-SHA-256 of a message for one purpose, in hex."""
    return hmac.new(secret.encode(), f"{purpose}\0{message}".encode(), hashlib.sha256).hexdigest()


def same(expected: str, given: str) -> bool:
    """Compare secrets in a time that tells nothing."""
    return hmac.compare_digest(expected.encode(), given.encode())


def signed_by(secret: str, purpose: str, message: str, signature: str) -> bool:
    return same(sign(secret, purpose, message), signature)


def preorder_token(secret: str, preorder_id: UUID) -> str:
    """The part of a link that finds a pre-order again without an account; it cannot be guessed or altered."""
    return _token(secret, _PREORDER, preorder_id)


def preorder_of_token(secret: str, token: str) -> UUID:
    """The pre-order a link leads to; raises LinkNotValid."""
    return _named(secret, _PREORDER, token)


def waiting_token(secret: str, entry_id: UUID) -> str:
    """The part of a link by which who waits for pieces lets them go."""
    return _token(secret, _WAITING, entry_id)


def waiting_of_token(secret: str, token: str) -> UUID:
    """The waiting entry a link leads to; raises LinkNotValid."""
    return _named(secret, _WAITING, token)


def _token(secret: str, purpose: str, named: UUID) -> str:
    return f"{named.hex}{sign(secret, purpose, named.hex)[:32]}"


def _named(secret: str, purpose: str, token: str) -> UUID:
    try:
        named = UUID(hex=token[:32])
    except ValueError:
        raise LinkNotValid from None
    if not same(_token(secret, purpose, named), token):
        raise LinkNotValid
    return named


def mail_token(secret: str, email: str) -> str:
    """What only letters to an e-mail address carry: who has it reads that address."""
    return sign(secret, "mail link", email.casefold())[:32]
