"""Bringing a file of human labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.judgements.models import Review
from reviews.imports.models import LabelUpload
from reviews.queues.models import Item, Queue
from tests import make

URL = "/p/travel/imports/labels/"


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def browser(curator: Member) -> Client:
    return make.SignedIn(curator)


@pytest.fixture
def queue(project: Project) -> Queue:
    make.response(project, external_id="a")
    return make.queue(project, key="imported", takes_imports=True)


def label(number: int, **fields: Any) -> dict[str, Any]:
    return {"source": "survey", "external_id": f"v{number}", "reviewer": f"rater {number}", "queue": "imported",
            "responses": ["a"], "answers": make.ANSWERS, **fields}  # fmt: skip


def brought(browser: Client, *labels: Any) -> LabelUpload:
    content = "\n".join(json.dumps(row) for row in labels).encode()
    answer = browser.post(URL, {"file": SimpleUploadedFile("labels.jsonl", content)})
    upload = LabelUpload.objects.latest("pk")
    assert (answer.status_code, answer["Location"]) == (303, f"{URL}{upload.pk}/")
    return upload


def test_the_preview_says_what_would_happen_and_stores_nothing(
    browser: Client, queue: Queue, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    upload = brought(browser, label(1), label(2, queue="none"), label(3, answers={"grounded": "maybe", "helpful": 3}))
    with django_assert_max_num_queries(8):
        text = browser.get(f"{URL}{upload.pk}/").text
    for words in ("rater 1", "grounded: yes; helpful: 4", "takes imports.", "/answers/grounded",
                  "All 3 labels were tried out", "rubric"):  # fmt: skip
        assert words in text, words
    assert not Review.objects.exists()
    assert not Item.objects.exists()
    assert not Member.objects.filter(source="survey").exists()


def test_starting_it_makes_reviews_and_writes_down_who_did(browser: Client, queue: Queue, curator: Member) -> None:
    upload = brought(browser, label(1), label(2), label(1))
    assert browser.post(f"{URL}{upload.pk}/start/").status_code == 303
    jobs.run(LabelUpload, upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.counts) == ("done", {"accepted": 2, "repeated": 1})
    assert Review.objects.filter(imported__imported_by=curator).count() == 2
    event = AuditEvent.objects.get(verb="reviews-imported")
    assert (event.actor, event.facts) == (str(curator.key), {"accepted": 2})
    assert "stored before" in browser.get(f"{URL}{upload.pk}/").text


def test_a_csv_file_is_refused_in_words(browser: Client, queue: Queue) -> None:
    answer = browser.post(URL, {"text": "source,external_id\ns,1\n"})
    text = browser.get(answer["Location"]).text
    assert "as JSON does" in text
    assert "source,external_id" in text  # to be corrected
    assert "/start/" not in text


def test_the_page_names_the_queues_that_take_imports(browser: Client, queue: Queue) -> None:
    text = browser.get(URL).text
    assert queue.name in text
    Queue.objects.update(takes_imports=False)
    assert "None yet" in browser.get(URL).text
    assert browser.post(URL, {}).status_code == 422


def test_it_can_be_discarded(browser: Client, queue: Queue) -> None:
    upload = brought(browser, label(1))
    assert "v1" not in browser.get(f"{URL}{upload.pk}/refused.csv").text
    assert browser.post(f"{URL}{upload.pk}/discard/")["Location"] == URL
    assert not LabelUpload.objects.exists()


def test_a_moderator_may_not_and_another_project_does_not_see_it(
    browser: Client, queue: Queue, moderator: Member, outsider: Member
) -> None:
    upload = brought(browser, label(1))
    assert make.SignedIn(moderator).get(URL).status_code == 403
    assert make.SignedIn(outsider).get(f"/p/elsewhere/imports/labels/{upload.pk}/").status_code == 404
    assert make.SignedIn(outsider).post(f"/p/elsewhere/imports/labels/{upload.pk}/start/").status_code == 404
