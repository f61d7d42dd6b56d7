"""A response's page: folded turns, texts as stored, and how its cost was found."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from feedback.accounts.models import Member, Project
from feedback.responses.models import LanguageModel, Price, Response
from tests import make

URL = "/p/travel/responses/"
THEN = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def browser(curator: Member) -> Client:
    return make.SignedIn(curator)


def test_texts_are_formatted_or_exactly_as_stored(browser: Client, project: Project) -> None:
    response = make.response(project, "It is **twelve**.", question="Is it *six*?")
    formatted = browser.get(f"{URL}{response.pk}/").text
    assert "<strong>twelve</strong>" in formatted
    assert "<em>six</em>" in formatted
    raw = browser.get(f"{URL}{response.pk}/?view=raw").text
    assert "It is **twelve**." in raw
    assert "<em>six</em>" not in raw
    assert 'href="?view=raw" aria-current="page"' in raw


def test_long_turns_and_long_conversations_are_folded(
    browser: Client, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    messages = [{"role": "user", "content": f"Turn {number}. " + "long " * 500} for number in range(10)]
    response = make.response(project, messages=messages)
    with django_assert_max_num_queries(9):
        text = browser.get(f"{URL}{response.pk}/").text
    assert "4 earlier turns" in text
    assert text.count("2508 characters") == 10
    assert "Turn 0. long" in text


def test_arguments_of_calls_are_laid_out(browser: Client, project: Project) -> None:
    calls = [{"function": {"name": "find", "arguments": '{"city":"Porto","n":2}'}}, {"name": "odd", "arguments": "{no"}]
    response = make.response(project, "", body={"tool_calls": calls})
    text = browser.get(f"{URL}{response.pk}/").text
    assert "{\n  &quot;city&quot;: &quot;Porto&quot;," in text
    assert "{no" in text


def test_it_can_be_copied_and_linked(browser: Client, project: Project) -> None:
    response = make.response(project, "\n<b>Yes</b>", external_id="a/b")
    text = browser.get(f"{URL}{response.pk}/").text
    assert 'data-copy="a/b"' in text
    assert f'data-copy="{settings.BASE_URL}{URL}{response.pk}/"' in text
    assert "readonly>\n\n&lt;b&gt;Yes&lt;/b&gt;</textarea>" in text  # the first line end is the tag's own


def test_what_it_led_to_is_loaded_by_address(browser: Client, project: Project) -> None:
    response = make.response(project)
    text = browser.get(f"{URL}{response.pk}/").text
    paths = (
        f"{URL}{response.pk}/items/",
        f"{URL}{response.pk}/verdicts/",
        f"/p/travel/datasets/of-response/{response.pk}/",
    )
    for path in paths:
        assert f'hx-get="{path}" hx-trigger="load"' in text
        assert f'<a href="{path}">' in text


def priced(project: Project, **fields: Any) -> Response:
    response = make.response(project, responded_at=THEN, **{"input_tokens": 1000, "output_tokens": 100, **fields})
    model = LanguageModel.objects.get(project=project, name="small-1")
    for start, price in ((date(2026, 1, 1), "2.50"), (date(2026, 6, 1), "9")):
        Price.objects.get_or_create(
            project=project, model=model, valid_from=start, defaults={"input": Decimal(price), "output": Decimal(10)}
        )
    return response


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"cost": "0.5", "cost_is_given": True}, "Sent by the application."),
        (
            {"cost": "0.0035"},
            "1,000 input × 2.5 + 100 output × 10 USD per million tokens, by the price from 1 Jan",
        ),
        ({"cost": "0.0035", "cached_tokens": 400}, "600 input × 2.5 + 400 cached × 2.5 + 100 output × 10 USD"),
        ({"cost": "0.7"}, "the table has changed since"),
        ({"output_tokens": None}, "without both token counts"),
        ({"model": None}, "no price on that day"),
    ],
)
def test_it_says_how_the_cost_was_found(browser: Client, project: Project, fields: dict[str, Any], words: str) -> None:
    assert words in browser.get(f"{URL}{priced(project, **fields).pk}/").text
