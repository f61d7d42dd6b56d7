"""Salts, pseudonyms and digests: what stands in the database in place of a name or a secret."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_salt() -> str:
    return secrets.token_hex(16)


def pseudonym(salt: str, key: str) -> str:
    """A stable name that says nothing: HMAC-SHA256 under the project's salt, 12 hex digits."""
    return "r-" + hmac.new(salt.encode(), key.encode(), hashlib.sha256).hexdigest()[:12]


def digest_of(secret: str) -> str:
    """SHA-256 is enough for secrets of 256 random bits: there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()
