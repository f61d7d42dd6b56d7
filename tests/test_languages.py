"""Pages in another language: a pseudo-locale from right to left, in which every word of ours is in brackets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from feedback.accounts.models import Member
from feedback.languages import LOCALE_MIDDLEWARE, script_words, translated_into
from tests import make, pseudo
from tests.browser import pages
from tests.browser.full_world import build
from tests.pseudo import speak_pseudo

WRITTEN = re.compile(
    r"\b(?:toxic|graphic)\b|[\w.+-]+@[\w.-]+|https?://\S+|person-\w+|Touchstone|\b(?:UTC|CSV|JSON|IP)\b"
)
LATIN = re.compile(r"[A-Za-z]{2,}")
OF_PERSON = [
    "account_profile", "account_keys", "account_mail", "account_sessions", "account_set_password", "mfa_index",
]  # fmt: skip
OF_REVIEWER = [
    "queues:work", "queues:history", "queues:care", "queues:review", "queues:turn", "queues:escalation",
    "quality:inbox", "quality:about-me",
]  # fmt: skip


class Greek:
    """What people and programs write, without a letter that English has."""

    paragraph = "Οι καθυστερήσεις **καλύπτονται**.\n\n- Α\n- Β\n\n| Γ | Δ |\n| --- | --- |\n| Ε | 150 |"
    line = "Παράγραφος 4.2"
    long_word = "Ηλεκτροεγκεφαλογράφημα"
    address = "https://example.org/plan"

    def __init__(self) -> None:
        self.count = 0

    def name(self) -> str:
        self.count += 1
        return f"Όνομα {self.count}"


@pytest.fixture
def pseudo_locale(settings: Settings, tmp_path: Path) -> None:
    speak_pseudo(settings, tmp_path)


def english_of(client: Client, path: str) -> list[str]:
    """The page is from right to left; what of it stands in no message and has letters."""
    answer = client.get(path)
    html = answer.content.decode()
    assert '<html lang="ar-xb" dir="rtl">' in html, path
    rest = [WRITTEN.sub("", text) for text in pseudo.unspoken(html)]
    return [f"{path}: {text}" for text in rest if LATIN.search(text)]


def test_the_pages_of_a_reviewer_speak_the_language_of_the_reader(
    db: None, pseudo_locale: None, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    world: dict[str, Any] = build(Greek())
    client = make.SignedIn(world["admin"])
    paths = [*map(reverse, OF_PERSON), *(pages.address(route, world) for route in OF_REVIEWER)]
    left = [text for path in paths for text in english_of(client, path)]
    assert not left, "\n".join(left)


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/", "/nowhere"])
def test_so_do_the_pages_before_the_door(path: str, db: None, pseudo_locale: None) -> None:
    assert english_of(Client(), path) == []


def test_a_catalogue_makes_a_language_and_the_browser_chooses(settings: Settings, tmp_path: Path, db: None) -> None:
    pseudo.write(tmp_path, Path("locale/en/LC_MESSAGES"))
    assert translated_into(tmp_path) == [(pseudo.LANGUAGE, pseudo.LANGUAGE)]
    settings.LOCALE_PATHS, settings.LANGUAGES = [tmp_path], [("en-gb", "English"), *translated_into(tmp_path)]
    settings.MIDDLEWARE = [LOCALE_MIDDLEWARE, *settings.MIDDLEWARE]
    wished = Client(headers={"accept-language": "ar-xb, en;q=0.5"}).get("/accounts/login/")
    assert 'dir="rtl"' in wished.content.decode()
    assert 'lang="en-gb" dir="ltr"' in Client().get("/accounts/login/").content.decode()


def test_scripts_get_a_dictionary_only_where_the_page_is_not_english(
    reviewer: Member, settings: Settings, tmp_path: Path
) -> None:
    path = reverse("account_keys")
    assert 'id="translations"' not in make.SignedIn(reviewer).get(path).content.decode()
    speak_pseudo(settings, tmp_path)
    assert pseudo.spoken("Copied.") in script_words().values()
    assert 'id="translations"' in make.SignedIn(reviewer).get(path).content.decode()
