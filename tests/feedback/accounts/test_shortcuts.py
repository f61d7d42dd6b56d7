from __future__ import annotations

from typing import Any

import pytest

from feedback.accounts.models import Member
from feedback.accounts.shortcuts import ACTIONS, settings_of
from tests import make

pytestmark = pytest.mark.once

PATH = "/accounts/keys/"
NUMBER = {key: f"key-{number}" for number, key in enumerate(ACTIONS)}


def form(**own: str) -> dict[str, str]:
    """The form as it is shown, with these keys in place of the usual ones."""
    return {NUMBER[key]: own.get(key, key) for key in ACTIONS}


def saved(member: Member) -> dict[str, Any]:
    assert member.user is not None
    member.user.refresh_from_db()
    return settings_of(member.user)


def test_a_key_is_moved_and_stands_on_every_page(reviewer: Member) -> None:
    browser = make.SignedIn(reviewer)
    assert browser.post(PATH, form(s="x")).status_code == 302
    assert saved(reviewer) == {"off": False, "map": {"s": "x"}}
    assert '"map": {"s": "x"}' in browser.get(PATH).content.decode()
    assert f'href="{PATH}"' in browser.get("/accounts/profile/").text


def test_all_are_switched_off_and_put_back(reviewer: Member) -> None:
    browser = make.SignedIn(reviewer)
    browser.post(PATH, {**form(s="x"), "off": "on"})
    assert saved(reviewer)["off"] is True
    browser.post(PATH, {"reset": "1"})
    assert saved(reviewer) == {"off": False, "map": {}}


def test_two_actions_change_places(reviewer: Member) -> None:
    make.SignedIn(reviewer).post(PATH, form(s="u", u="s"))
    assert saved(reviewer)["map"] == {"s": "u", "u": "s"}


@pytest.mark.parametrize("key", ["1", " ", "", "ab", "\t", "\u200b", "u"])
def test_what_cannot_be_a_key_is_explained_beside_it(reviewer: Member, key: str) -> None:
    page = make.SignedIn(reviewer).post(PATH, form(s=key))
    assert page.status_code == 422
    assert saved(reviewer) == {"off": False, "map": {}}


@pytest.mark.parametrize(
    "stored",
    [None, [], {"keys": 1}, {"keys": {"map": ["s"]}}, {"keys": {"map": {"s": "</script>", "x": "y"}, "off": 1}}],
)
def test_nonsense_in_the_column_reaches_no_page(reviewer: Member, stored: Any) -> None:
    assert reviewer.user is not None
    reviewer.user.preferences = stored
    assert settings_of(reviewer.user) == {"off": False, "map": {}}
