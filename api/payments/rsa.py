"""RSA signatures with SHA-256 over a text (RSASSA-PKCS1-v1_5), as Alipay and WeChat Pay both use them."""

import base64
import binascii
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


class Keys:
    """Our private key and the provider's public one, from PEM files, read when first needed.

    Raises OSError, ValueError for a file that holds no key, TypeError for one that holds another kind.
    """

    def __init__(self, *, private: Path, public: Path) -> None:
        self._private, self._public = private, public

    def sign(self, text: str) -> str:
        """Our signature in base64."""
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - when somebody pays
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415

        key = serialization.load_pem_private_key(self._private.read_bytes(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError(f"{self._private} holds no RSA key")
        return base64.b64encode(key.sign(text.encode(), PKCS1v15(), hashes.SHA256())).decode()

    def signed_by_them(self, text: str, signature: str) -> bool:
        """Whether the provider has signed this text."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - as above
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415

        try:
            given = base64.b64decode(signature, validate=True)
            self._theirs().verify(given, text.encode(), PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    def _theirs(self) -> "RSAPublicKey":
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415

        key = serialization.load_pem_public_key(self._public.read_bytes())
        if not isinstance(key, RSAPublicKey):
            raise TypeError(f"{self._public} holds no RSA key")
        return key
