"""One view, two answers: the page, or the region that htmx asked for."""

from __future__ import annotations

from django.http import HttpRequest
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from feedback.htmx import wants_fragment


def request(**headers: str) -> HttpRequest:
    made = RequestFactory().get("/", headers=headers)
    made.htmx = HtmxDetails(made)  # type: ignore[attr-defined]
    return made


def test_it_gives_a_fragment_to_htmx() -> None:
    assert wants_fragment(request(**{"HX-Request": "true"}))


def test_it_gives_the_page_to_a_browser_and_to_a_boosted_link() -> None:
    assert not wants_fragment(request())
    assert not wants_fragment(request(**{"HX-Request": "true", "HX-Boosted": "true"}))


def test_it_gives_the_page_when_history_is_restored() -> None:
    assert not wants_fragment(request(**{"HX-Request": "true", "HX-History-Restore-Request": "true"}))
