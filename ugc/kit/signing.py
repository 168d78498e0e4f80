"""Keys derived from the one secret, random tokens and their hashes, sealed secrets, constant-time checks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ugc.kit.errors import UgcError


class SealBroken(UgcError):
    """A stored secret can't be opened; was UGC_SECRET_KEY changed?"""


def derive(secret: str, purpose: str) -> bytes:
    """A 32-byte key of its own for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), 32, salt=b"ugc", info=purpose.encode()).derive(secret.encode())


def make_token(prefix: str = "", size: int = 32) -> str:
    """A random URL-safe token of `size` bytes of entropy behind a readable prefix."""
    return prefix + secrets.token_urlsafe(size)


def fingerprint(token: str) -> str:
    """What the database keeps of a random token: SHA-256 in hex. Enough for high-entropy tokens, never for passwords."""
    return hashlib.sha256(token.encode()).hexdigest()


def keyed_digest(key: bytes, message: bytes) -> str:
    """HMAC-SHA256 in hex."""
    return hmac.digest(key, message, "sha256").hex()


def same(left: str | bytes, right: str | bytes) -> bool:
    """Equality in constant time; texts of any alphabet."""
    as_bytes = [part.encode() if isinstance(part, str) else part for part in (left, right)]
    return hmac.compare_digest(*as_bytes)


def seal(key: bytes, message: str) -> str:
    """A secret that must be read again later (a webhook's), encrypted at rest."""
    return Fernet(base64.urlsafe_b64encode(key)).encrypt(message.encode()).decode()


def unseal(key: bytes, sealed: str) -> str:
    """The secret behind `seal`; raises SealBroken under another key."""
    try:
        return Fernet(base64.urlsafe_b64encode(key)).decrypt(sealed.encode()).decode()
    except InvalidToken as cause:
        raise SealBroken() from cause
