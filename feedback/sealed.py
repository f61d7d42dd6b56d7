"""Secrets of others' services, encrypted where they are kept: a copied database or backup tells none of them.

The key is made from SECRET_KEY. When that is replaced, the old one stays in SECRET_KEY_FALLBACKS until `manage.py
reseal` has encrypted everything anew.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

PURPOSE = "secrets at rest"


class SealBroken(Exception):
    """Not readable: sealed under a key that is neither SECRET_KEY nor in SECRET_KEY_FALLBACKS, or changed since."""

    def __init__(self) -> None:
        super().__init__("A stored secret cannot be read: it was sealed under another SECRET_KEY. Enter it again.")


class SealedField(models.TextField):
    """What `seal` gave, or nothing. Never in a form or a take-out; `manage.py reseal` finds it by its type."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)


def ring(purpose: str) -> MultiFernet:
    """Keys of one purpose: made from the secret key, then from those it replaced. The first seals, all of them open."""
    texts = [str(text) for text in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    digests = [hashlib.sha256(f"touchstone {purpose}{text}".encode()).digest() for text in texts]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def seal(text: str) -> str:
    return ring(PURPOSE).encrypt(text.encode()).decode()


def unseal(token: str) -> str:
    """The text that was sealed. Raises SealBroken."""
    try:
        return ring(PURPOSE).decrypt(token.encode()).decode()
    except InvalidToken:
        raise SealBroken from None


def reseal(token: str) -> str:
    """The same text sealed under the newest key. Raises SealBroken."""
    try:
        return ring(PURPOSE).rotate(token.encode()).decode()
    except InvalidToken:
        raise SealBroken from None
