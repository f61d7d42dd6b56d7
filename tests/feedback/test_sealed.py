"""Secrets at rest: unreadable without the key, and readable while keys are replaced."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from feedback.sealed import SealBroken, reseal, ring, seal, unseal


def test_a_sealed_text_tells_nothing_and_opens_again() -> None:
    token = seal("whsec_ä secret")
    assert "secret" not in token
    assert unseal(token) == "whsec_ä secret"
    assert seal("whsec_ä secret") != token  # the same text twice is not seen to be the same


def test_a_changed_token_does_not_open() -> None:
    token = seal("text")
    for broken in (token[:-2], token[:20] + ("A" if token[20] != "A" else "B") + token[21:], "", "plain text"):
        with pytest.raises(SealBroken, match="another SECRET_KEY"):
            unseal(broken)


def test_a_replaced_key_still_opens_until_everything_is_sealed_anew(settings: Settings) -> None:
    old = settings.SECRET_KEY
    token = seal("text")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [old]
    assert unseal(token) == "text"
    fresh = reseal(token)
    settings.SECRET_KEY_FALLBACKS = []
    assert unseal(fresh) == "text"
    for open in (unseal, reseal):
        with pytest.raises(SealBroken):
            open(token)


def test_what_is_sealed_for_one_purpose_does_not_open_for_another() -> None:
    with pytest.raises(SealBroken):
        unseal(ring("second factor").encrypt(b"text").decode())
